/** AssociateSubnetCidrBlock: the IPv6 block of a subnet. */
import { subnetIpv6Associate } from '../../../app/network/vpc-ipv6.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Subnet, VpcBlock } from '../../../domain/network.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { subnetIpv6Shape } from '../present/vpc.ts'

export default changing<'AssociateSubnetCidrBlock', { subnet: Subnet; block: VpcBlock }>({
  change: (ctx, input) => {
    refuseFeatures('AssociateSubnetCidrBlock', {
      'an IPAM pool': input.Ipv6IpamPoolId ?? input.Ipv6NetmaskLength,
    })
    const { Ipv6CidrBlock: block } = input
    if (!block) throw new FaultError({ type: 'MissingParameter', parameter: 'ipv6CidrBlock' })
    return subnetIpv6Associate(ctx, parseId('subnet', input.SubnetId!), block)
  },
  answer: ({ subnet, block }) => ({
    SubnetId: subnet.id,
    Ipv6CidrBlockAssociation: subnetIpv6Shape(block, 'associating'),
  }),
})
