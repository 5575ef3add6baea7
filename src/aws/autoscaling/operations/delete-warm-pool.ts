/** DeleteWarmPool. */
import { poolDelete } from '../../../app/autoscaling/warm-pools.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DeleteWarmPool'>({
  handle: async (ctx, input) => {
    await poolDelete(ctx, input.AutoScalingGroupName!, input.ForceDelete ?? false)
    return {}
  },
})
