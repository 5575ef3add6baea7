/** CreateSubnet. */
import type { CreateSubnetRequest } from '@aws-sdk/client-ec2'
import { subnetCreate, type SubnetRequest } from '../../../app/network/subnets.ts'
import { subnetFreeAddresses } from '../../../app/network/vpc-attributes.ts'
import { FaultError } from '../../../domain/faults.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Subnet } from '../../../domain/network.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { subnetShape } from '../present/vpc.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'
import { zoneOf } from '../zone-parameter.ts'

export default changing<'CreateSubnet', Subnet>({
  change: (ctx, input) => subnetCreate(ctx, requestOf(input)),
  answer: async (subnet, ctx) => {
    return { Subnet: subnetShape(subnet, await subnetFreeAddresses(ctx, subnet)) }
  },
})

function requestOf(input: Readonly<CreateSubnetRequest>): SubnetRequest {
  refuseFeatures('CreateSubnet', {
    Ipv6Native: input.Ipv6Native,
    'an IPAM pool': input.Ipv4IpamPoolId ?? input.Ipv6IpamPoolId,
    OutpostArn: input.OutpostArn,
  })
  if (!input.CidrBlock) throw new FaultError({ type: 'MissingParameter', parameter: 'cidrBlock' })
  return {
    vpcId: parseId('vpc', input.VpcId!),
    cidrBlock: input.CidrBlock,
    ipv6CidrBlock: input.Ipv6CidrBlock || null,
    zone: zoneOf(input),
    tags: tagsOfSpecifications(input.TagSpecifications, 'subnet'),
  }
}
