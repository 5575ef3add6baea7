/** DescribeSnapshots: the account's own, those shared with it, and public ones. Filters look at the answer itself. */
import type { Snapshot } from '@aws-sdk/client-ec2'
import { snapshotsFind } from '../../../app/snapshots/find.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { presentSnapshot } from '../present/snapshot.ts'
import { tagsOfAnswer } from '../tags.ts'

export default operation<'ec2', 'DescribeSnapshots', Snapshot>({
  filters: {
    description: (one) => one.Description,
    encrypted: (one) => one.Encrypted,
    'owner-alias': (one) => one.OwnerAlias,
    'owner-id': (one) => one.OwnerId,
    progress: (one) => one.Progress,
    'snapshot-id': (one) => one.SnapshotId,
    'start-time': (one) => one.StartTime,
    status: (one) => one.State,
    'storage-tier': (one) => one.StorageTier,
    'volume-id': (one) => one.VolumeId,
    'volume-size': (one) => one.VolumeSize,
    'transfer-type': (one) => one.TransferType,
  },
  tagsOf: (one) => tagsOfAnswer(one.Tags),
  handle: async (ctx, input, call) => {
    const snapshots = await snapshotsFind(ctx, {
      ids: (input.SnapshotIds ?? []).map((id) => parseId('snapshot', id)),
      owners: input.OwnerIds ?? [],
      restorableBy: input.RestorableByUserIds ?? [],
    })
    const page = call.page(call.filter(snapshots.map(presentSnapshot)), {
      key: (one) => one.SnapshotId!,
      defaultSize: 1_000,
    })
    return { Snapshots: page.items, NextToken: page.nextToken }
  },
})
