/** Snapshots as EC2 shows them. */
import type {
  LockSnapshotResult,
  Snapshot as Ec2Snapshot,
  SnapshotTierStatus,
} from '@aws-sdk/client-ec2'
import type { LockedSnapshot } from '../../../app/snapshots/lock.ts'
import { snapshotStateOf, type Snapshot } from '../../../domain/image.ts'
import { coolOffEndOf, lockStateOf } from '../../../domain/snapshot-lock.ts'
import { tierOf } from '../../../domain/snapshot-tier.ts'
import type { TierStatus } from '../../../app/snapshots/tier.ts'
import { present } from '../../../lib/assert.ts'
import { tagList } from '../tags.ts'

export function presentSnapshot(snapshot: Snapshot): Ec2Snapshot {
  const state = snapshotStateOf(snapshot)
  const { completedAt } = snapshot
  return {
    CompletionTime: completedAt === undefined ? undefined : new Date(completedAt),
    Description: snapshot.description,
    Encrypted: snapshot.isEncrypted ?? false,
    KmsKeyId: snapshot.encryption?.keyArn,
    OwnerAlias: snapshot.ownerAlias ?? undefined,
    OwnerId: snapshot.account,
    // Taken or not: what it holds is fixed in one moment, and no copy follows.
    Progress: state === 'completed' ? '100%' : state === 'pending' ? '0%' : '',
    SnapshotId: snapshot.id,
    StartTime: new Date(snapshot.createdAt),
    State: state,
    StateMessage: snapshot.stateMessage ?? undefined,
    RestoreExpiryTime: dateOrNothing(snapshot.tiering?.expiresAt),
    StorageTier: tierOf(snapshot),
    Tags: tagList(snapshot.tags),
    TransferType: snapshot.copyOf ? 'standard' : undefined,
    VolumeId: snapshot.volumeId,
    VolumeSize: snapshot.sizeGiB,
  }
}

const dateOrNothing = (at: number | null | undefined): Date | undefined =>
  at ? new Date(at) : undefined

export function presentTier({ snapshot, progress }: TierStatus): SnapshotTierStatus {
  const { operation, archive, expiresAt } = present(snapshot.tiering, 'a tier')
  return {
    ArchivalCompleteTime: dateOrNothing(archive?.archivedAt),
    LastTieringOperationStatus: `${operation.type}-${operation.state}`,
    LastTieringOperationStatusDetail: operation.detail ?? undefined,
    LastTieringProgress: progress,
    LastTieringStartTime: new Date(operation.startedAt),
    OwnerId: snapshot.account,
    RestoreExpiryTime: dateOrNothing(expiresAt),
    SnapshotId: snapshot.id,
    Status: snapshotStateOf(snapshot),
    StorageTier: tierOf(snapshot),
    Tags: tagList(snapshot.tags),
    VolumeId: snapshot.volumeId,
  }
}

export function presentLock({ id, lock }: LockedSnapshot, now: number): LockSnapshotResult {
  const coolOffEnd = coolOffEndOf(lock)
  return {
    SnapshotId: id,
    LockState: lockStateOf(lock, now),
    LockDuration: lock.days,
    CoolOffPeriod: lock.coolOffHours ?? undefined,
    CoolOffPeriodExpiresOn: coolOffEnd === null ? undefined : new Date(coolOffEnd),
    LockCreatedOn: new Date(lock.createdAt),
    LockDurationStartTime: new Date(lock.startedAt),
    LockExpiresOn: new Date(lock.expiresAt),
  }
}
