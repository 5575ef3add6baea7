/** DescribeSnapshotTierStatus: snapshots that are in the archive, were, or are on their way. */
import type { SnapshotTierStatus } from '@aws-sdk/client-ec2'
import { tierStatuses } from '../../../app/snapshots/tier.ts'
import { operation } from '../../operation.ts'
import { presentTier } from '../present/snapshot.ts'

export default operation<'ec2', 'DescribeSnapshotTierStatus', SnapshotTierStatus>({
  filters: {
    'snapshot-id': (one) => one.SnapshotId,
    'volume-id': (one) => one.VolumeId,
    'last-tiering-operation': (one) => one.LastTieringOperationStatus,
  },
  handle: async (ctx, _input, call) => {
    const statuses = (await tierStatuses(ctx)).map(presentTier)
    const page = call.page(call.filter(statuses), { key: (one) => one.SnapshotId! })
    return { SnapshotTierStatuses: page.items, NextToken: page.nextToken }
  },
})
