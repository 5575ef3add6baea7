/** Instances in EC2's words. Fields that EC2 omits when there is nothing to say are undefined here. */
import type {
  GroupIdentifier,
  Instance as Ec2Instance,
  InstanceNetworkInterface,
  InstanceNetworkInterfaceAssociation,
} from '@aws-sdk/client-ec2'
import type { InstanceView } from '../../../app/instances/list.ts'
import { INSTANCE_STATE_CODES, instanceStateOf, resourceNamesOf } from '../../../domain/instance.ts'
import type { Declined, InstanceState as State } from '../../../domain/instance.ts'
import {
  hostNameOf,
  privateDomainOf,
  publicAddressOf,
  publicBindings,
  publicHostName,
  type NetworkInterface,
  type Vpc,
} from '../../../domain/network.ts'
import { volumeIsLeaving, type Volume } from '../../../domain/volume.ts'
import { tagList } from '../tags.ts'

/** Of one that is not leaving. */
function statusOf({ attachment }: Volume): 'attaching' | 'attached' {
  return attachment?.state === 'attaching' ? 'attaching' : 'attached'
}

export function presentState(state: State): { Code: number; Name: State } {
  return { Code: INSTANCE_STATE_CODES[state], Name: state }
}

export function privateNameOf(address: string, region: string): string {
  return `${hostNameOf(address)}.${privateDomainOf(region)}`
}

/** Empty when the VPC has no DNS host names, as on EC2. */
export function publicNameOf(address: string, region: string, vpc: Vpc | undefined): string {
  if (!vpc?.hasDnsHostnames) return ''
  return publicHostName(address, region)
}

export function presentInstance(view: InstanceView): Ec2Instance {
  const { instance, interfaces, image, vpc } = view
  const { spec, intended } = instance
  const { region } = instance
  const state = instanceStateOf(instance)
  const isGone = state === 'terminated'
  const primary = interfaces[0]
  const address = primary?.privateAddresses[0]
  const publicAddress = (primary && publicAddressOf(primary)) ?? undefined
  const hasReason = intended.state !== 'running' || state === 'pending'
  return {
    AmiLaunchIndex: spec.launchIndex,
    Architecture: spec.architecture,
    BlockDeviceMappings: view.volumes.map((volume) => ({
      DeviceName: volume.attachment!.deviceName,
      Ebs: {
        AttachTime: new Date(volume.attachment!.attachedAt),
        DeleteOnTermination: volume.attachment!.deleteOnTermination,
        // Of the busy ones EC2 speaks in DescribeVolumes only.
        Status: volumeIsLeaving(volume) ? 'detaching' : statusOf(volume),
        VolumeId: volume.id,
      },
    })),
    BootMode: spec.imageBootMode ?? spec.bootMode,
    CapacityReservationSpecification: presentReservation(spec.declined),
    ClientToken: spec.clientToken ?? '',
    CpuOptions: {
      CoreCount: spec.coresPerSocket,
      ThreadsPerCore: spec.threadsPerCore,
      ...(spec.declined?.amdSevSnp && { AmdSevSnp: 'disabled' }),
      ...(spec.declined?.nestedVirtualization && { NestedVirtualization: 'disabled' }),
    },
    CurrentInstanceBootMode: spec.bootMode,
    EbsOptimized: spec.isEbsOptimized,
    EnaSupport: true,
    EnclaveOptions: { Enabled: false },
    HibernationOptions: { Configured: spec.isHibernationEnabled },
    Hypervisor: 'xen',
    IamInstanceProfile:
      view.profile && !isGone
        ? { Arn: view.profile.profileArn, Id: view.profile.profileId }
        : undefined,
    ImageId: spec.imageId,
    InstanceId: instance.id,
    Ipv6Address: isGone ? undefined : primary?.ipv6Addresses?.[0],
    InstanceType: spec.instanceType as Ec2Instance['InstanceType'],
    KeyName: spec.keyName ?? undefined,
    LaunchTime: new Date(spec.launchedAt),
    MaintenanceOptions: { AutoRecovery: spec.autoRecovery },
    MetadataOptions: presentMetadataOptions(instance),
    Monitoring: { State: spec.isMonitored ? 'enabled' : 'disabled' },
    NetworkInterfaces: interfaces.map((one) => presentInterface(one, view)),
    Placement: {
      AvailabilityZone: spec.zone,
      GroupName: spec.placementGroup ?? '',
      ...(spec.partitionNumber && { PartitionNumber: spec.partitionNumber }),
      Tenancy: spec.tenancy,
    },
    Platform: image?.platform === 'windows' ? 'Windows' : undefined,
    PlatformDetails: image?.platform === 'windows' ? 'Windows' : 'Linux/UNIX',
    PrivateDnsName: address && !isGone ? privateDnsName(view, address) : '',
    PrivateDnsNameOptions: isGone
      ? undefined
      : {
          EnableResourceNameDnsAAAARecord: resourceNamesOf(spec).hasAaaa,
          EnableResourceNameDnsARecord: resourceNamesOf(spec).hasA,
          HostnameType: spec.privateDnsHostnameType,
        },
    PrivateIpAddress: isGone ? undefined : address,
    ProductCodes: [],
    PublicDnsName: publicAddress ? publicNameOf(publicAddress, region, vpc) : '',
    PublicIpAddress: publicAddress,
    RootDeviceName: spec.rootDeviceName,
    RootDeviceType: 'ebs',
    SecurityGroups: primary ? presentGroups(primary, view) : [],
    SourceDestCheck: isGone ? undefined : (primary?.isSourceDestChecked ?? true),
    State: presentState(state),
    StateReason: hasReason
      ? { Code: intended.reasonCode, Message: intended.reasonMessage }
      : undefined,
    StateTransitionReason: intended.reason,
    TpmSupport: spec.hasTpm ? 'v2.0' : undefined,
    SubnetId: isGone ? undefined : spec.subnetId,
    Tags: tagList(instance.tags),
    UsageOperation: 'RunInstances',
    UsageOperationUpdateTime: new Date(instance.createdAt),
    VirtualizationType: 'hvm',
    VpcId: isGone ? undefined : spec.vpcId,
  }
}

export function presentReservation(declined: Declined | undefined) {
  const preference = declined?.capacityReservations ? 'none' : 'open'
  return { CapacityReservationPreference: preference } as const
}

export function presentMetadataOptions({ spec }: InstanceView['instance']) {
  const { metadata } = spec
  return {
    HttpEndpoint: metadata.isEnabled ? 'enabled' : 'disabled',
    HttpProtocolIpv6: 'disabled',
    HttpPutResponseHopLimit: metadata.hopLimit,
    HttpTokens: metadata.areTokensRequired ? 'required' : 'optional',
    InstanceMetadataTags: metadata.areTagsEnabled ? 'enabled' : 'disabled',
    State: 'applied',
  } as const
}

function privateDnsName(view: InstanceView, address: string): string {
  const { instance } = view
  if (instance.spec.privateDnsHostnameType === 'resource-name') {
    return `${instance.id}.${privateDomainOf(instance.region)}`
  }
  return privateNameOf(address, instance.region)
}

function presentGroups(networkInterface: NetworkInterface, view: InstanceView): GroupIdentifier[] {
  return networkInterface.groupIds.map((GroupId) => ({
    GroupId,
    GroupName: view.groupNames.get(GroupId),
  }))
}

/** What stands for a private address outside: an elastic address is the account's, others are Amazon's. */
export function presentAssociation(
  one: NetworkInterface,
  privateAddress: string,
  vpc: Vpc | undefined,
): InstanceNetworkInterfaceAssociation | undefined {
  const binding = publicBindings(one).find((each) => each.privateAddress === privateAddress)
  if (!binding) return undefined
  return {
    IpOwnerId: binding.elastic ? one.account : 'amazon',
    PublicDnsName: publicNameOf(binding.publicAddress, one.region, vpc),
    PublicIp: binding.publicAddress,
  }
}

export function ipv6Shapes({ ipv6Addresses, hasPrimaryIpv6 }: NetworkInterface) {
  return (ipv6Addresses ?? []).map((Ipv6Address, index) => ({
    Ipv6Address,
    IsPrimaryIpv6: index === 0 && (hasPrimaryIpv6 ?? false),
  }))
}

function presentInterface(one: NetworkInterface, view: InstanceView): InstanceNetworkInterface {
  const { attachment } = one
  const associationOf = (address: string) => presentAssociation(one, address, view.vpc)
  return {
    Association: associationOf(one.privateAddresses[0]!),
    Attachment: {
      AttachTime: new Date(attachment!.attachedAt),
      AttachmentId: attachment!.id,
      DeleteOnTermination: attachment!.deleteOnTermination,
      DeviceIndex: attachment!.deviceIndex,
      NetworkCardIndex: 0,
      Status: attachment!.change ?? 'attached',
    },
    Description: one.description,
    Groups: presentGroups(one, view),
    InterfaceType: 'interface',
    Ipv6Addresses: ipv6Shapes(one),
    MacAddress: one.mac,
    NetworkInterfaceId: one.id,
    OwnerId: one.account,
    PrivateDnsName: privateNameOf(one.privateAddresses[0]!, one.region),
    PrivateIpAddress: one.privateAddresses[0],
    PrivateIpAddresses: one.privateAddresses.map((address, index) => ({
      Association: associationOf(address),
      Primary: index === 0,
      PrivateDnsName: privateNameOf(address, one.region),
      PrivateIpAddress: address,
    })),
    SourceDestCheck: one.isSourceDestChecked,
    Status: 'in-use',
    SubnetId: one.subnetId,
    VpcId: one.vpcId,
  }
}
