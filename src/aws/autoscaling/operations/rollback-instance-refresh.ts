/** RollbackInstanceRefresh: what was replaced is replaced again. */
import { refreshRollback } from '../../../app/autoscaling/refreshes.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'RollbackInstanceRefresh'>({
  handle: async (ctx, input) => ({
    InstanceRefreshId: await refreshRollback(ctx, input.AutoScalingGroupName!),
  }),
})
