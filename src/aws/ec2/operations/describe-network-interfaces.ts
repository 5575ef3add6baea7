/** DescribeNetworkInterfaces. Filters look at the answer itself. */
import type { NetworkInterface } from '@aws-sdk/client-ec2'
import { interfaceViews } from '../../../app/network/interfaces.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'
import { networkInterfaceShape } from '../present/network-interface.ts'

const NONE = (): [] => []

export default operation<'ec2', 'DescribeNetworkInterfaces', NetworkInterface>({
  filters: {
    'addresses.association.owner-id': (one) =>
      one.PrivateIpAddresses!.map((each) => each.Association?.IpOwnerId),
    'addresses.association.public-ip': (one) =>
      one.PrivateIpAddresses!.map((each) => each.Association?.PublicIp),
    'addresses.primary': (one) => one.PrivateIpAddresses!.map((each) => each.Primary),
    'addresses.private-ip-address': (one) =>
      one.PrivateIpAddresses!.map((each) => each.PrivateIpAddress),
    'association.allocation-id': (one) => one.Association?.AllocationId,
    'association.association-id': (one) => one.Association?.AssociationId,
    'association.ip-owner-id': (one) => one.Association?.IpOwnerId,
    'association.public-dns-name': (one) => one.Association?.PublicDnsName,
    'association.public-ip': (one) => one.Association?.PublicIp,
    'attachment.attach-time': (one) => one.Attachment?.AttachTime,
    'attachment.attachment-id': (one) => one.Attachment?.AttachmentId,
    'attachment.delete-on-termination': (one) => one.Attachment?.DeleteOnTermination,
    'attachment.device-index': (one) => one.Attachment?.DeviceIndex,
    'attachment.instance-id': (one) => one.Attachment?.InstanceId,
    'attachment.instance-owner-id': (one) => one.Attachment?.InstanceOwnerId,
    'attachment.status': (one) => one.Attachment?.Status,
    'availability-zone': (one) => one.AvailabilityZone,
    'availability-zone-id': (one) => one.AvailabilityZoneId,
    description: (one) => one.Description,
    'group-id': (one) => one.Groups!.map((group) => group.GroupId),
    // Not documented, accepted by EC2.
    'group-name': (one) => one.Groups!.map((group) => group.GroupName),
    'interface-type': (one) => one.InterfaceType,
    'mac-address': (one) => one.MacAddress,
    'network-interface-id': (one) => one.NetworkInterfaceId,
    'operator.managed': (one) => one.Operator?.Managed,
    'owner-id': (one) => one.OwnerId,
    'private-dns-name': (one) => one.PrivateDnsName,
    'private-ip-address': (one) => one.PrivateIpAddress,
    'requester-managed': (one) => one.RequesterManaged,
    'source-dest-check': (one) => one.SourceDestCheck,
    status: (one) => one.Status,
    'subnet-id': (one) => one.SubnetId,
    'vpc-id': (one) => one.VpcId,
    'ipv6-addresses.ipv6-address': (one) => one.Ipv6Addresses!.map((each) => each.Ipv6Address),
    'ipv6-addresses.is-primary-ipv6': (one) => one.Ipv6Addresses!.map((each) => each.IsPrimaryIpv6),
    // Nobody makes interfaces for others.
    'operator.principal': NONE,
    'requester-id': NONE,
  },
  tagsOf: (one) =>
    Object.fromEntries((one.TagSet ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? ''])),
  handle: async (ctx, input, call) => {
    const ids = (input.NetworkInterfaceIds ?? []).map((id) => parseId('networkInterface', id))
    const views = await interfaceViews(ctx, ids)
    const found = call.filter(views.map(networkInterfaceShape))
    const page = call.page(found, { key: (one) => one.NetworkInterfaceId!, defaultSize: 1_000 })
    return { NetworkInterfaces: page.items, NextToken: page.nextToken }
  },
})
