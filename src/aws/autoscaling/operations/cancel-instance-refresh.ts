/** CancelInstanceRefresh: what is done stays done. */
import { refreshCancel } from '../../../app/autoscaling/refreshes.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'CancelInstanceRefresh'>({
  handle: async (ctx, input) => ({
    InstanceRefreshId: await refreshCancel(ctx, input.AutoScalingGroupName!),
  }),
})
