/** Network interfaces as EC2 shows them. */
import type {
  GroupIdentifier,
  NetworkInterface as Ec2NetworkInterface,
  NetworkInterfaceAssociation,
  NetworkInterfaceAttachment,
} from '@aws-sdk/client-ec2'
import type { InterfaceView } from '../../../app/network/interfaces.ts'
import { managerOf, type NetworkInterface } from '../../../domain/network.ts'
import { zoneIdOf } from '../../../domain/zones.ts'
import { tagList } from '../tags.ts'
import { ipv6Shapes, presentAssociation, privateNameOf } from './instance.ts'

export function networkInterfaceShape(view: InterfaceView): Ec2NetworkInterface {
  const { networkInterface: one } = view
  const attachment = attachmentShape(one)
  const [primary] = one.privateAddresses
  const association = associationShape(view, primary!)
  const hasNames = view.vpc?.hasDnsHostnames ?? false
  return {
    NetworkInterfaceId: one.id,
    OwnerId: one.account,
    VpcId: one.vpcId,
    SubnetId: one.subnetId,
    AvailabilityZone: one.zone,
    AvailabilityZoneId: zoneIdOf(one.zone),
    Description: one.description,
    InterfaceType: typeOf(one),
    MacAddress: one.mac,
    Status: one.attachment || managerOf(one) ? 'in-use' : 'available',
    SourceDestCheck: one.isSourceDestChecked,
    RequesterManaged: managerOf(one) !== undefined,
    Operator: { Managed: false },
    PrivateIpAddress: primary,
    ...(hasNames && { PrivateDnsName: privateNameOf(primary!, one.region) }),
    PrivateIpAddresses: one.privateAddresses.map((address, index) => ({
      PrivateIpAddress: address,
      Primary: index === 0,
      ...(hasNames && { PrivateDnsName: privateNameOf(address, one.region) }),
      Association: associationShape(view, address),
    })),
    ...(association && { Association: association }),
    ...(attachment && { Attachment: attachment }),
    Groups: groupShapes(view),
    ...(one.ipv6Addresses?.[0] && { Ipv6Address: one.ipv6Addresses[0] }),
    Ipv6Addresses: ipv6Shapes(one),
    TagSet: tagList(one.tags),
  }
}

/** EC2 says `nat_gateway`, which is not how its model spells it. */
function typeOf(one: NetworkInterface) {
  if (one.natGatewayId) return 'nat_gateway' as 'natGateway'
  if (one.loadBalancer?.type === 'network') return 'network_load_balancer'
  return one.vpcEndpointId ? 'vpc_endpoint' : 'interface'
}

export function groupShapes({ networkInterface, groupNames }: InterfaceView): GroupIdentifier[] {
  return networkInterface.groupIds.map((GroupId) => ({
    GroupId,
    GroupName: groupNames.get(GroupId),
  }))
}

function associationShape(
  { networkInterface: one, vpc }: InterfaceView,
  address: string,
): NetworkInterfaceAssociation | undefined {
  const association = presentAssociation(one, address, vpc)
  const elastic = one.elasticAddresses?.find((each) => each.privateAddress === address)
  if (!association || !elastic) return association
  return { ...association, AllocationId: elastic.allocationId, AssociationId: elastic.id }
}

export function attachmentShape(
  networkInterface: NetworkInterface,
): NetworkInterfaceAttachment | undefined {
  const { attachment } = networkInterface
  if (!attachment) return undefined
  return {
    AttachmentId: attachment.id,
    AttachTime: new Date(attachment.attachedAt),
    DeleteOnTermination: attachment.deleteOnTermination,
    DeviceIndex: attachment.deviceIndex,
    NetworkCardIndex: 0,
    InstanceId: attachment.instanceId,
    InstanceOwnerId: networkInterface.account,
    Status: attachment.change ?? 'attached',
  }
}
