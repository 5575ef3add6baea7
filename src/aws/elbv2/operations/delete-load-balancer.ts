/** DeleteLoadBalancer. */
import { balancerDelete } from '../../../app/balancers/balancers.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'DeleteLoadBalancer'>({
  handle: async (ctx, input) => {
    await balancerDelete(ctx, input.LoadBalancerArn!)
    return {}
  },
})
