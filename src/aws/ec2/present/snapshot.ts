/** Snapshots as EC2 shows them. All that exist are complete. */
import type { Snapshot as Ec2Snapshot } from '@aws-sdk/client-ec2'
import type { Snapshot } from '../../../domain/image.ts'
import { tagList } from '../tags.ts'

export function presentSnapshot(snapshot: Snapshot): Ec2Snapshot {
  return {
    Description: snapshot.description,
    Encrypted: false,
    OwnerAlias: snapshot.ownerAlias ?? undefined,
    OwnerId: snapshot.account,
    Progress: '100%',
    SnapshotId: snapshot.id,
    StartTime: new Date(snapshot.createdAt),
    State: 'completed',
    StorageTier: 'standard',
    Tags: tagList(snapshot.tags),
    VolumeId: snapshot.volumeId,
    VolumeSize: snapshot.sizeGiB,
  }
}
