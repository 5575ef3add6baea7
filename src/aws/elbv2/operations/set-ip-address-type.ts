/** SetIpAddressType: there is IPv4 only. */
import { elbGet } from '../../../app/balancers/find.ts'
import { refuse } from '../parse.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'SetIpAddressType'>({
  handle: async (ctx, input) => {
    await elbGet(ctx, 'loadBalancer', input.LoadBalancerArn!)
    if (input.IpAddressType !== 'ipv4') throw refuse('load balancers with IPv6')
    return { IpAddressType: 'ipv4' }
  },
})
