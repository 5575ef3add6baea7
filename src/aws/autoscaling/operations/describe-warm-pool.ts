/** DescribeWarmPool of a group; nothing when it has none. */
import { poolFind } from '../../../app/autoscaling/warm-pools.ts'
import { instancePresent, poolPresent } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeWarmPool'>({
  handle: async (ctx, input, call) => {
    const { group, instances } = await poolFind(ctx, input.AutoScalingGroupName!)
    const page = call.page(instances, { key: ({ id }) => id, defaultSize: 50 })
    const { launch } = group.configuration
    return {
      ...(group.warmPool && { WarmPoolConfiguration: poolPresent(group.warmPool) }),
      Instances: page.items.map((one) => instancePresent(one, launch)),
      NextToken: page.nextToken,
    }
  },
})
