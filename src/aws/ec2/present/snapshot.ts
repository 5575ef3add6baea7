/** Snapshots as EC2 shows them. */
import type { LockSnapshotResult, Snapshot as Ec2Snapshot } from '@aws-sdk/client-ec2'
import type { LockedSnapshot } from '../../../app/snapshots/lock.ts'
import { snapshotStateOf, type Snapshot } from '../../../domain/image.ts'
import { coolOffEndOf, lockStateOf } from '../../../domain/snapshot-lock.ts'
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
    StorageTier: 'standard',
    Tags: tagList(snapshot.tags),
    TransferType: snapshot.copyOf ? 'standard' : undefined,
    VolumeId: snapshot.volumeId,
    VolumeSize: snapshot.sizeGiB,
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
