/** DescribeLoadBalancerTargetGroups of a group, and how far its instances are in them. */
import { targetGroupsFind } from '../../../app/autoscaling/group-parts.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeLoadBalancerTargetGroups'>({
  handle: async (ctx, input, call) => {
    const found = await targetGroupsFind(ctx, input.AutoScalingGroupName!)
    const page = call.page(found, { key: ({ arn }) => arn, defaultSize: 100 })
    return {
      LoadBalancerTargetGroups: page.items.map(({ arn, state }) => ({
        LoadBalancerTargetGroupARN: arn,
        State: state,
      })),
      NextToken: page.nextToken,
    }
  },
})
