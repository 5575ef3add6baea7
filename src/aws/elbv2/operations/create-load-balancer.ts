/** CreateLoadBalancer: application and network load balancers. */
import { balancerCreate } from '../../../app/balancers/balancers.ts'
import { elbInvalid } from '../../../app/balancers/faults.ts'
import { elbTagsCheck } from '../../../app/balancers/tags.ts'
import type { SecurityGroupId } from '../../../domain/ids.ts'
import { presentBalancer } from '../present.ts'
import { refuse, subnetsOf } from '../parse.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'CreateLoadBalancer'>({
  handle: async (ctx, input) => {
    const { Type: type = 'application', SecurityGroups: groups = [] } = input
    if (type === 'gateway') throw refuse('gateway load balancers')
    if ((input.IpAddressType ?? 'ipv4') !== 'ipv4') throw refuse('load balancers with IPv6')
    if (input.CustomerOwnedIpv4Pool ?? input.IpamPools)
      throw refuse('address pools of load balancers')
    if (input.EnablePrefixForIpv6SourceNat === 'on') throw refuse('source NAT by IPv6')
    const { Scheme: scheme = 'internet-facing' } = input
    const subnets = subnetsOf(type, input)
    if (scheme === 'internal' && subnets.some(({ allocationId }) => allocationId !== null)) {
      throw elbInvalid('An allocation ID cannot be specified for an internal load balancer')
    }
    const balancer = await balancerCreate(ctx, {
      ...{ type, scheme, subnets, name: input.Name! },
      groupIds: groups as SecurityGroupId[],
      tags: elbTagsCheck(input.Tags ?? []),
    })
    return { LoadBalancers: [await presentBalancer(ctx, balancer)] }
  },
})
