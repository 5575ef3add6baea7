/** DescribeSubnets, with the count of addresses that are really free. */
import { ownList } from '../../../app/network/scope.ts'
import { subnetFreeAddresses } from '../../../app/network/vpc-attributes.ts'
import { parseId } from '../../../domain/ids.ts'
import type { Subnet } from '../../../domain/network.ts'
import { zoneIdOf } from '../../../domain/zones.ts'
import { operation } from '../../operation.ts'
import { ec2Arn } from '../arn.ts'
import { subnetShape } from '../present/vpc.ts'

interface CountedSubnet {
  subnet: Subnet
  freeAddresses: number
}

const NONE = (): [] => []
const FALSE = (): boolean => false

export default operation<'ec2', 'DescribeSubnets', CountedSubnet>({
  filters: {
    'availability-zone': ({ subnet }) => subnet.zone,
    'availability-zone-id': ({ subnet }) => zoneIdOf(subnet.zone),
    'available-ip-address-count': ({ freeAddresses }) => freeAddresses,
    'cidr-block': ({ subnet }) => subnet.cidrBlock,
    'default-for-az': ({ subnet }) => subnet.isDefaultForZone,
    // "You can also use … as the filter name": the older spellings, which Terraform sends.
    availabilityZone: ({ subnet }) => subnet.zone,
    availabilityZoneId: ({ subnet }) => zoneIdOf(subnet.zone),
    cidr: ({ subnet }) => subnet.cidrBlock,
    cidrBlock: ({ subnet }) => subnet.cidrBlock,
    defaultForAz: ({ subnet }) => subnet.isDefaultForZone,
    'map-public-ip-on-launch': ({ subnet }) => subnet.mapPublicIpOnLaunch,
    'owner-id': ({ subnet }) => subnet.account,
    'private-dns-name-options-on-launch.enable-resource-name-dns-a-record': ({ subnet }) =>
      subnet.resourceNamesOnLaunch?.hasA ?? false,
    'private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record': ({ subnet }) =>
      subnet.resourceNamesOnLaunch?.hasAaaa ?? false,
    'private-dns-name-options-on-launch.hostname-type': ({ subnet }) =>
      subnet.hostnameTypeOnLaunch ?? 'ip-name',
    state: () => 'available',
    'subnet-arn': ({ subnet }) => ec2Arn(subnet, 'subnet'),
    'subnet-id': ({ subnet }) => subnet.id,
    'vpc-id': ({ subnet }) => subnet.vpcId,
    'ipv6-cidr-block-association.association-id': ({ subnet }) => subnet.ipv6Block?.associationId,
    'ipv6-cidr-block-association.ipv6-cidr-block': ({ subnet }) => subnet.ipv6Block?.cidrBlock,
    'ipv6-cidr-block-association.state': ({ subnet }) => subnet.ipv6Block && 'associated',
    // Every subnet has IPv4, and there are no outposts.
    'customer-owned-ipv4-pool': NONE,
    'enable-dns64': FALSE,
    'enable-lni-at-device-index': NONE,
    'ipv6-native': FALSE,
    'map-customer-owned-ip-on-launch': FALSE,
    'outpost-arn': NONE,
  },
  tagsOf: ({ subnet }) => subnet.tags,
  handle: async (ctx, input, call) => {
    const ids = (input.SubnetIds ?? []).map((id) => parseId('subnet', id))
    const subnets = await ownList(ctx, 'subnet', ids)
    const counted = await Promise.all(
      subnets.map(async (subnet) => {
        return { subnet, freeAddresses: await subnetFreeAddresses(ctx, subnet) }
      }),
    )
    const page = call.page(call.filter(counted), { key: ({ subnet }) => subnet.id })
    return {
      Subnets: page.items.map(({ subnet, freeAddresses }) => subnetShape(subnet, freeAddresses)),
      NextToken: page.nextToken,
    }
  },
})
