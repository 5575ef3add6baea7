/** DeleteAutoScalingGroup: one with instances only by force, and then with all of them. */
import { groupDelete } from '../../../app/autoscaling/groups.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DeleteAutoScalingGroup'>({
  handle: async (ctx, input) => {
    await groupDelete(ctx, input.AutoScalingGroupName!, input.ForceDelete ?? false)
    return {}
  },
})
