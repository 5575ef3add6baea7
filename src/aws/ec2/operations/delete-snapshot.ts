/** DeleteSnapshot: no other snapshot and no volume changes. */
import { snapshotDelete, snapshotDeleteCheck } from '../../../app/snapshots/delete.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DeleteSnapshot'>({
  check: async (ctx, input) => {
    await snapshotDeleteCheck(ctx, parseId('snapshot', input.SnapshotId!))
  },
  handle: async (ctx, input) => {
    await snapshotDelete(ctx, parseId('snapshot', input.SnapshotId!))
    return {}
  },
})
