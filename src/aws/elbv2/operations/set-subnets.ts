/** SetSubnets. */
import { balancerSetSubnets } from '../../../app/balancers/balancers.ts'
import { elbGet } from '../../../app/balancers/find.ts'
import { presentBalancer } from '../present.ts'
import { refuse, subnetsOf } from '../parse.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'SetSubnets'>({
  handle: async (ctx, input) => {
    if ((input.IpAddressType ?? 'ipv4') !== 'ipv4') throw refuse('load balancers with IPv6')
    const { type } = await elbGet(ctx, 'loadBalancer', input.LoadBalancerArn!)
    const subnets = subnetsOf(type, input)
    const balancer = await balancerSetSubnets(ctx, input.LoadBalancerArn!, subnets)
    const { AvailabilityZones } = await presentBalancer(ctx, balancer)
    return { AvailabilityZones, IpAddressType: 'ipv4' }
  },
})
