/** CreateVpc. */
import type { CreateVpcRequest } from '@aws-sdk/client-ec2'
import type { Ctx } from '../../../app/context.ts'
import { vpcCreate, type VpcRequest } from '../../../app/network/vpcs.ts'
import { FaultError } from '../../../domain/faults.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { ipv6IsAsked } from '../ipv6-block.ts'
import { vpcShape } from '../present/vpc.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default changing<'CreateVpc', Parameters<typeof vpcShape>[0]>({
  change: (ctx, input) => vpcCreate(ctx, requestOf(ctx, input)),
  answer: (vpc) => ({ Vpc: vpcShape(vpc) }),
})

function requestOf(ctx: Ctx, input: Readonly<CreateVpcRequest>): VpcRequest {
  refuseFeatures('CreateVpc', {
    'an IPv6 block of your own': input.Ipv6CidrBlock ?? input.Ipv6Pool,
    'an IPAM pool': input.Ipv4IpamPoolId ?? input.Ipv6IpamPoolId,
    VpcEncryptionControl: input.VpcEncryptionControl,
    'InstanceTenancy host': input.InstanceTenancy === 'host',
  })
  if (!input.CidrBlock) throw new FaultError({ type: 'MissingParameter', parameter: 'cidrBlock' })
  return {
    cidrBlock: input.CidrBlock,
    hasIpv6: ipv6IsAsked(ctx, input),
    tenancy: input.InstanceTenancy === 'dedicated' ? 'dedicated' : 'default',
    tags: tagsOfSpecifications(input.TagSpecifications, 'vpc'),
  }
}
