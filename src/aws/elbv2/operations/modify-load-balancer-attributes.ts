/** ModifyLoadBalancerAttributes. */
import { balancerAttributes } from '../../../app/balancers/attributes.ts'
import { presentAttributes } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'ModifyLoadBalancerAttributes'>({
  handle: async (ctx, input) => {
    const all = await balancerAttributes(ctx, input.LoadBalancerArn!, input.Attributes)
    return { Attributes: presentAttributes(all) }
  },
})
