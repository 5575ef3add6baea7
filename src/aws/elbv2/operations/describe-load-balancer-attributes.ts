/** DescribeLoadBalancerAttributes. */
import { balancerAttributes } from '../../../app/balancers/attributes.ts'
import { presentAttributes } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DescribeLoadBalancerAttributes'>({
  handle: async (ctx, input) => {
    return { Attributes: presentAttributes(await balancerAttributes(ctx, input.LoadBalancerArn!)) }
  },
})
