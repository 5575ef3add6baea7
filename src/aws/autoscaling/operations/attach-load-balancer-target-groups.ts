/** AttachLoadBalancerTargetGroups. */
import { targetGroupsAttach } from '../../../app/autoscaling/group-parts.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'AttachLoadBalancerTargetGroups'>({
  handle: async (ctx, input) => {
    await targetGroupsAttach(ctx, input.AutoScalingGroupName!, input.TargetGroupARNs!)
    return {}
  },
})
