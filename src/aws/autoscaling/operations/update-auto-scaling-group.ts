/** UpdateAutoScalingGroup. */
import { groupUpdate } from '../../../app/autoscaling/groups.ts'
import { configurationOf } from '../group-input.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'UpdateAutoScalingGroup'>({
  handle: async (ctx, input) => {
    await groupUpdate(ctx, input.AutoScalingGroupName!, await configurationOf(ctx, input))
    return {}
  },
})
