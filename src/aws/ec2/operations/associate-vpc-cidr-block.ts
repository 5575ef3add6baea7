/** AssociateVpcCidrBlock: a further IPv4 block for a VPC. */
import { vpcBlockAssociate } from '../../../app/network/vpcs.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Vpc, VpcBlock } from '../../../domain/network.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { vpcBlockShape } from '../present/vpc.ts'

export default changing<'AssociateVpcCidrBlock', { vpc: Vpc; block: VpcBlock }>({
  change: (ctx, input) => {
    refuseFeatures('AssociateVpcCidrBlock', {
      'an IPv6 block': input.AmazonProvidedIpv6CidrBlock ?? input.Ipv6CidrBlock ?? input.Ipv6Pool,
      'an IPAM pool': input.Ipv4IpamPoolId ?? input.Ipv6IpamPoolId,
    })
    const { CidrBlock: block } = input
    if (!block) throw new FaultError({ type: 'MissingParameter', parameter: 'cidrBlock' })
    return vpcBlockAssociate(ctx, parseId('vpc', input.VpcId!), block)
  },
  answer: ({ vpc, block }) => ({ VpcId: vpc.id, CidrBlockAssociation: vpcBlockShape(block) }),
})
