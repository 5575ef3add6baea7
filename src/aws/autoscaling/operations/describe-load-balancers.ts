/** DescribeLoadBalancers: Classic ones, of which there are none here. */
import { groupGet } from '../../../app/autoscaling/scope.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeLoadBalancers'>({
  handle: async (ctx, input) => {
    await groupGet(ctx, input.AutoScalingGroupName!)
    return { LoadBalancers: [] }
  },
})
