/** AssociateVpcCidrBlock: a further IPv4 block for a VPC, or an IPv6 block of our pool. */
import { vpcIpv6Associate } from '../../../app/network/vpc-ipv6.ts'
import { vpcBlockAssociate } from '../../../app/network/vpcs.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Vpc, VpcBlock } from '../../../domain/network.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { ipv6IsAsked } from '../ipv6-block.ts'
import { vpcAssociationShape } from '../present/vpc.ts'

export default changing<'AssociateVpcCidrBlock', { vpc: Vpc; block: VpcBlock }>({
  change: (ctx, input) => {
    refuseFeatures('AssociateVpcCidrBlock', {
      'an IPv6 block of your own': input.Ipv6CidrBlock ?? input.Ipv6Pool,
      'an IPAM pool': input.Ipv4IpamPoolId ?? input.Ipv6IpamPoolId,
    })
    const { CidrBlock: block } = input
    const hasIpv6 = ipv6IsAsked(ctx, input)
    if (block && hasIpv6) {
      const parameters = ['CidrBlock', 'AmazonProvidedIpv6CidrBlock']
      const reason = 'Give one block, of IPv4 or of IPv6'
      throw new FaultError({ type: 'InvalidCombination', parameters, reason })
    }
    if (hasIpv6) return vpcIpv6Associate(ctx, parseId('vpc', input.VpcId!))
    if (!block) throw new FaultError({ type: 'MissingParameter', parameter: 'cidrBlock' })
    return vpcBlockAssociate(ctx, parseId('vpc', input.VpcId!), block)
  },
  answer: ({ vpc, block }) => vpcAssociationShape(vpc, block),
})
