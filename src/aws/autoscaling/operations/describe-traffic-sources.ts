/** DescribeTrafficSources of a group: target groups, the only ones here. */
import { targetGroupsFind } from '../../../app/autoscaling/group-parts.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeTrafficSources'>({
  handle: async (ctx, input, call) => {
    const type = input.TrafficSourceType ?? 'elbv2'
    const found = await targetGroupsFind(ctx, input.AutoScalingGroupName!)
    const own = type === 'elbv2' ? found : []
    const page = call.page(own, { key: ({ arn }) => arn, defaultSize: 50 })
    return {
      TrafficSources: page.items.map(({ arn, state }) => ({
        TrafficSource: arn,
        Identifier: arn,
        Type: 'elbv2',
        State: state,
      })),
      NextToken: page.nextToken,
    }
  },
})
