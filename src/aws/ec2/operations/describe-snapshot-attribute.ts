/** DescribeSnapshotAttribute: for its owner. */
import type { CreateVolumePermission } from '@aws-sdk/client-ec2'
import { snapshotOwned } from '../../../app/snapshots/delete.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DescribeSnapshotAttribute'>({
  handle: async (ctx, input) => {
    const snapshot = await snapshotOwned(ctx, parseId('snapshot', input.SnapshotId!))
    const { id, isPublic, sharedWith = [] } = snapshot
    if (input.Attribute === 'productCodes') return { SnapshotId: id, ProductCodes: [] }
    const accounts = sharedWith.map((UserId): CreateVolumePermission => ({ UserId }))
    const all: CreateVolumePermission[] = isPublic ? [{ Group: 'all' }] : []
    return { SnapshotId: id, CreateVolumePermissions: [...all, ...accounts] }
  },
})
