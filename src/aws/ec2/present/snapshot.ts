/** Snapshots as EC2 shows them. */
import type { Snapshot as Ec2Snapshot } from '@aws-sdk/client-ec2'
import { snapshotStateOf, type Snapshot } from '../../../domain/image.ts'
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
