/**
 * The filters of DescribeInstances, read off the answer they choose from. Those of things that no instance here has
 * (capacity reservations, outposts, IPv6…) are served and match nothing, which is the truth.
 */
import type { Instance, InstanceNetworkInterface } from '@aws-sdk/client-ec2'
import type { ElasticAssociation } from '../../domain/network.ts'
import type { Tags } from '../../domain/resource.ts'
import type { FilterTable } from '../filters.ts'

export interface InstanceRecord {
  reservationId: string
  ownerId: string
  instance: Instance
  /** Which an instance's own description leaves out. */
  elastic: readonly ElasticAssociation[]
  interfaceTags: readonly Tags[]
}

type Nic = InstanceNetworkInterface
type Values = FilterTable<InstanceRecord>[string]

const of =
  (read: (instance: Instance) => ReturnType<Values>): Values =>
  ({ instance }) =>
    read(instance)
const ofNics =
  (read: (nic: Nic) => string | number | boolean | Date | undefined): Values =>
  ({ instance }) =>
    (instance.NetworkInterfaces ?? []).map(read)
const ofNicLists =
  (read: (nic: Nic) => (string | boolean | undefined)[]): Values =>
  ({ instance }) =>
    (instance.NetworkInterfaces ?? []).flatMap(read)
const ofVolumes =
  (
    read: (
      m: NonNullable<Instance['BlockDeviceMappings']>[number],
    ) => string | boolean | Date | undefined,
  ): Values =>
  ({ instance }) =>
    (instance.BlockDeviceMappings ?? []).map(read)
const elastic =
  (read: (association: ElasticAssociation) => string): Values =>
  (record) =>
    record.elastic.map(read)
const none: Values = () => undefined

/** Of features that do not exist here: no instance has them. */
const ABSENT = [
  'affinity',
  'capacity-reservation-id',
  'capacity-reservation-specification.capacity-reservation-target.capacity-reservation-id',
  'capacity-reservation-specification.capacity-reservation-target.capacity-reservation-resource-group-arn',
  'host-id',
  'instance-lifecycle',
  'kernel-id',
  'network-interface.addresses.association.carrier-ip',
  'network-interface.addresses.association.customer-owned-ip',
  'network-interface.association.carrier-ip',
  'network-interface.association.customer-owned-ip',
  'network-interface.ipv4-prefixes.ipv4-prefix',
  'network-interface.ipv6-prefixes.ipv6-prefix',
  'network-interface.operator.principal',
  'network-interface.outpost-arn',
  'network-interface.requester-id',
  'operator.principal',
  'outpost-arn',
  'product-code',
  'product-code.type',
  'ramdisk-id',
  'requester-id',
  'spot-instance-request-id',
  'tpm-support',
]

export const INSTANCE_FILTERS: FilterTable<InstanceRecord> = {
  ...Object.fromEntries(ABSENT.map((name) => [name, none])),
  architecture: of((i) => i.Architecture),
  'availability-zone': of((i) => i.Placement?.AvailabilityZone),
  'availability-zone-id': of((i) => i.Placement?.AvailabilityZoneId),
  'block-device-mapping.attach-time': ofVolumes((m) => m.Ebs?.AttachTime),
  'block-device-mapping.delete-on-termination': ofVolumes((m) => m.Ebs?.DeleteOnTermination),
  'block-device-mapping.device-name': ofVolumes((m) => m.DeviceName),
  'block-device-mapping.status': ofVolumes((m) => m.Ebs?.Status),
  'block-device-mapping.volume-id': ofVolumes((m) => m.Ebs?.VolumeId),
  'boot-mode': of((i) => i.BootMode),
  'capacity-reservation-specification.capacity-reservation-preference': () => 'open',
  'client-token': of((i) => i.ClientToken),
  'current-instance-boot-mode': of((i) => i.CurrentInstanceBootMode),
  'dns-name': of((i) => i.PublicDnsName),
  'ebs-optimized': of((i) => i.EbsOptimized),
  'ena-support': of((i) => i.EnaSupport),
  'enclave-options.enabled': () => false,
  'hibernation-options.configured': of((i) => i.HibernationOptions?.Configured),
  hypervisor: of((i) => i.Hypervisor),
  'iam-instance-profile.arn': ({ instance }) => instance.IamInstanceProfile?.Arn,
  'iam-instance-profile.id': ({ instance }) => instance.IamInstanceProfile?.Id,
  'image-id': of((i) => i.ImageId),
  'instance-id': of((i) => i.InstanceId),
  'instance-state-code': of((i) => i.State?.Code),
  'instance-state-name': of((i) => i.State?.Name),
  'instance-type': of((i) => i.InstanceType),
  'instance.group-id': of((i) => (i.SecurityGroups ?? []).map((group) => group.GroupId)),
  'instance.group-name': of((i) => (i.SecurityGroups ?? []).map((group) => group.GroupName)),
  'ip-address': of((i) => i.PublicIpAddress),
  'key-name': of((i) => i.KeyName),
  'launch-index': of((i) => i.AmiLaunchIndex),
  'launch-time': of((i) => i.LaunchTime),
  'maintenance-options.auto-recovery': of((i) => i.MaintenanceOptions?.AutoRecovery),
  'metadata-options.http-endpoint': of((i) => i.MetadataOptions?.HttpEndpoint),
  'metadata-options.http-protocol-ipv4': () => 'enabled',
  'metadata-options.http-protocol-ipv6': () => 'disabled',
  'metadata-options.http-put-response-hop-limit': of(
    (i) => i.MetadataOptions?.HttpPutResponseHopLimit,
  ),
  'metadata-options.http-tokens': of((i) => i.MetadataOptions?.HttpTokens),
  'metadata-options.instance-metadata-tags': of((i) => i.MetadataOptions?.InstanceMetadataTags),
  'metadata-options.state': of((i) => i.MetadataOptions?.State),
  'monitoring-state': of((i) => i.Monitoring?.State),
  'network-interface.addresses.association.allocation-id': elastic((e) => e.allocationId),
  'network-interface.addresses.association.association-id': elastic((e) => e.id),
  'network-interface.association.allocation-id': elastic((e) => e.allocationId),
  'network-interface.association.association-id': elastic((e) => e.id),
  'network-interface.addresses.association.ip-owner-id': ofNics((n) => n.Association?.IpOwnerId),
  'network-interface.addresses.association.public-dns-name': ofNics(
    (n) => n.Association?.PublicDnsName,
  ),
  'network-interface.addresses.association.public-ip': ofNics((n) => n.Association?.PublicIp),
  'network-interface.addresses.primary': ofNicLists((n) =>
    (n.PrivateIpAddresses ?? []).map((address) => address.Primary),
  ),
  'network-interface.addresses.private-dns-name': ofNicLists((n) =>
    (n.PrivateIpAddresses ?? []).map((address) => address.PrivateDnsName),
  ),
  'network-interface.addresses.private-ip-address': ofNicLists((n) =>
    (n.PrivateIpAddresses ?? []).map((address) => address.PrivateIpAddress),
  ),
  'network-interface.association.ip-owner-id': ofNics((n) => n.Association?.IpOwnerId),
  'network-interface.association.public-dns-name': ofNics((n) => n.Association?.PublicDnsName),
  'network-interface.association.public-ip': ofNics((n) => n.Association?.PublicIp),
  'network-interface.attachment.attach-time': ofNics((n) => n.Attachment?.AttachTime),
  'network-interface.attachment.attachment-id': ofNics((n) => n.Attachment?.AttachmentId),
  'network-interface.attachment.delete-on-termination': ofNics(
    (n) => n.Attachment?.DeleteOnTermination,
  ),
  'network-interface.attachment.device-index': ofNics((n) => n.Attachment?.DeviceIndex),
  'network-interface.attachment.instance-id': of((i) => i.InstanceId),
  'network-interface.attachment.instance-owner-id': ofNics((n) => n.OwnerId),
  'network-interface.attachment.network-card-index': ofNics((n) => n.Attachment?.NetworkCardIndex),
  'network-interface.attachment.status': ofNics((n) => n.Attachment?.Status),
  'network-interface.availability-zone': of((i) => i.Placement?.AvailabilityZone),
  'network-interface.deny-all-igw-traffic': () => false,
  'network-interface.description': ofNics((n) => n.Description),
  'network-interface.group-id': ofNicLists((n) => (n.Groups ?? []).map((g) => g.GroupId)),
  'network-interface.group-name': ofNicLists((n) => (n.Groups ?? []).map((g) => g.GroupName)),
  'ipv6-address': ofNicLists((n) => (n.Ipv6Addresses ?? []).map((each) => each.Ipv6Address)),
  'network-interface.ipv6-address': ofNicLists((n) =>
    (n.Ipv6Addresses ?? []).map((each) => each.Ipv6Address),
  ),
  'network-interface.ipv6-addresses.ipv6-address': ofNicLists((n) =>
    (n.Ipv6Addresses ?? []).map((each) => each.Ipv6Address),
  ),
  'network-interface.ipv6-addresses.is-primary-ipv6': ofNicLists((n) =>
    (n.Ipv6Addresses ?? []).map((each) => each.IsPrimaryIpv6),
  ),
  'network-interface.ipv6-native': () => false,
  'network-interface.mac-address': ofNics((n) => n.MacAddress),
  'network-interface.network-interface-id': ofNics((n) => n.NetworkInterfaceId),
  'network-interface.operator.managed': () => false,
  'network-interface.owner-id': ofNics((n) => n.OwnerId),
  'network-interface.private-dns-name': ofNics((n) => n.PrivateDnsName),
  'network-interface.private-ip-address': ofNics((n) => n.PrivateIpAddress),
  'network-interface.public-dns-name': ofNics((n) => n.Association?.PublicDnsName),
  'network-interface.requester-managed': () => false,
  'network-interface.source-dest-check': ofNics((n) => n.SourceDestCheck),
  'network-interface.status': ofNics((n) => n.Status),
  'network-interface.subnet-id': ofNics((n) => n.SubnetId),
  'network-interface.tag-key': ({ interfaceTags }) => interfaceTags.flatMap(Object.keys),
  'network-interface.tag-value': ({ interfaceTags }) =>
    interfaceTags.flatMap((tags) => Object.values(tags)),
  'network-interface.vpc-id': ofNics((n) => n.VpcId),
  'network-performance-options.bandwidth-weighting': () => 'default',
  'operator.managed': () => false,
  'owner-id': (record) => record.ownerId,
  'placement-group-name': of((i) => i.Placement?.GroupName),
  'placement-partition-number': of((i) => i.Placement?.PartitionNumber),
  platform: of((i) => i.Platform),
  'platform-details': of((i) => i.PlatformDetails),
  'private-dns-name': of((i) => i.PrivateDnsName),
  'private-dns-name-options.enable-resource-name-dns-a-record': of(
    (i) => i.PrivateDnsNameOptions?.EnableResourceNameDnsARecord,
  ),
  'private-dns-name-options.enable-resource-name-dns-aaaa-record': of(
    (i) => i.PrivateDnsNameOptions?.EnableResourceNameDnsAAAARecord,
  ),
  'private-dns-name-options.hostname-type': of((i) => i.PrivateDnsNameOptions?.HostnameType),
  'private-ip-address': of((i) => i.PrivateIpAddress),
  reason: of((i) => i.StateTransitionReason),
  'reservation-id': (record) => record.reservationId,
  'root-device-name': of((i) => i.RootDeviceName),
  'root-device-type': of((i) => i.RootDeviceType),
  'source-dest-check': of((i) => i.SourceDestCheck),
  'state-reason-code': of((i) => i.StateReason?.Code),
  'state-reason-message': of((i) => i.StateReason?.Message),
  'subnet-id': of((i) => i.SubnetId),
  tenancy: of((i) => i.Placement?.Tenancy),
  'usage-operation': of((i) => i.UsageOperation),
  'usage-operation-update-time': of((i) => i.UsageOperationUpdateTime),
  'virtualization-type': of((i) => i.VirtualizationType),
  'vpc-id': of((i) => i.VpcId),
}
