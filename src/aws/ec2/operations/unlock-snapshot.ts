/** UnlockSnapshot. */
import { snapshotUnlock, snapshotUnlockPlan } from '../../../app/snapshots/lock.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'UnlockSnapshot'>({
  check: async (ctx, input) => {
    await snapshotUnlockPlan(ctx, parseId('snapshot', input.SnapshotId!))
  },
  handle: async (ctx, input) => {
    await snapshotUnlock(ctx, parseId('snapshot', input.SnapshotId!))
    return { SnapshotId: input.SnapshotId }
  },
})
