/** DetachLoadBalancerTargetGroups. */
import { targetGroupsDetach } from '../../../app/autoscaling/group-parts.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DetachLoadBalancerTargetGroups'>({
  handle: async (ctx, input) => {
    await targetGroupsDetach(ctx, input.AutoScalingGroupName!, input.TargetGroupARNs!)
    return {}
  },
})
