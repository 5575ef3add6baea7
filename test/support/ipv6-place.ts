/** A VPC and a subnet with IPv6, for tests of what lives in them. */
import type { EC2 } from '@aws-sdk/client-ec2'
import { createVpcKit } from './vpc-kit.ts'

/** A VPC with a block, and a subnet with the block's second /64. */
export async function ipv6Place(aws: EC2) {
  const kit = createVpcKit(aws)
  const { VpcId } = await kit.vpc('10.0.0.0/16', { AmazonProvidedIpv6CidrBlock: true })
  const { Vpcs } = await aws.describeVpcs({ VpcIds: [VpcId!] })
  const block = Vpcs![0]!.Ipv6CidrBlockAssociationSet![0]!
  const part = (n: number) => partOf(block.Ipv6CidrBlock!, n)
  const subnet = await kit.subnet(VpcId!, '10.0.0.0/24', { Ipv6CidrBlock: part(1) })
  return { VpcId: VpcId!, SubnetId: subnet.SubnetId!, block, part, subnet }
}

/** The nth /64 of a /56. */
function partOf(block: string, n: number): string {
  const [head, last = '0'] = /^(.*?):([0-9a-f]*)::\/56$/.exec(block)!.slice(1)
  const groups = block.slice(0, block.indexOf('::')).split(':')
  const number = groups.length === 4 ? Number.parseInt(last, 16) : 0
  const base = groups.length === 4 ? head : groups.join(':')
  return `${base}:${(number + n).toString(16)}::/64`
}
