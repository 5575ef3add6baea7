/** DescribeFastSnapshotRestores. */
import type { DescribeFastSnapshotRestoreSuccessItem } from '@aws-sdk/client-ec2'
import { fastRestoresList } from '../../../app/snapshots/fast-restore.ts'
import { operation } from '../../operation.ts'
import { presentFastRestore } from '../present/fast-restore.ts'

type Item = DescribeFastSnapshotRestoreSuccessItem

export default operation<'ec2', 'DescribeFastSnapshotRestores', Item>({
  filters: {
    'availability-zone': (one) => one.AvailabilityZone,
    'availability-zone-id': (one) => one.AvailabilityZoneId,
    'owner-id': (one) => one.OwnerId,
    'snapshot-id': (one) => one.SnapshotId,
    state: (one) => one.State,
  },
  handle: async (ctx, _input, call) => {
    const all = (await fastRestoresList(ctx)).map((one) => presentFastRestore(one))
    const page = call.page(call.filter(all), {
      key: (one) => `${one.SnapshotId}/${one.AvailabilityZone}`,
    })
    return { FastSnapshotRestores: page.items, NextToken: page.nextToken }
  },
})
