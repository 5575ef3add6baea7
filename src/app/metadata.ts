/**
 * What an instance may know of itself: everything its metadata service serves, gathered from the store for the one
 * instance that holds a private address in a VPC. Nothing of another instance can get in, because everything is
 * looked up from that instance.
 */
import { targetStateOf } from '../domain/autoscaling/advance.ts'
import type { PoolState, ScalingInstance } from '../domain/autoscaling/records.ts'
import type { ConnectKey, Instance, MetadataOptions } from '../domain/instance.ts'
import {
  hostNameOf,
  privateDomainOf,
  publicAddressOf,
  publicBindings,
  publicDomainOf,
  vpcBlocks,
  type NetworkInterface,
  type PublicBinding,
  type SecurityGroup,
  type Subnet,
  type Vpc,
} from '../domain/network.ts'
import type { Tags } from '../domain/resource.ts'
import type { StoreReader } from '../store/store.ts'
import type { App } from './context.ts'
import { instanceRoleOf, type InstanceRole } from './iam/instance-profiles.ts'
import { connectKeysOf } from './instances/connect-keys.ts'
import { volumesOf } from './volumes/of-instance.ts'

export interface MetadataInterface {
  interfaceId: string
  deviceIndex: number
  mac: string
  account: string
  /** Primary first. */
  privateAddresses: readonly string[]
  ipv6Addresses: readonly string[]
  hostName: string
  /** What stands for the primary private address. */
  publicAddress: string | null
  publicBindings: readonly PublicBinding[]
  publicHostName: string | null
  groups: readonly { id: string; name: string }[]
  subnetId: string
  subnetCidr: string
  subnetIpv6Cidrs: readonly string[]
  vpcId: string
  /** Primary first. */
  vpcCidrs: readonly string[]
  vpcIpv6Cidrs: readonly string[]
}

export interface MetadataView {
  instanceId: string
  account: string
  region: string
  zone: string
  imageId: string
  instanceType: string
  architecture: string
  reservationId: string
  launchIndex: number
  launchedAt: number
  options: MetadataOptions
  rootDeviceName: string
  /** Names of the other volumes, in order. */
  dataDeviceNames: readonly string[]
  /** By device index, the primary first. */
  interfaces: readonly MetadataInterface[]
  publicKey: { name: string; line: string } | null
  /** Of EC2 Instance Connect, those that are valid now. */
  connectKeys: readonly ConnectKey[]
  /** Base64. */
  userData: string | null
  isHibernationConfigured: boolean
  placementGroup: string | null
  tags: Tags
  /** Of an instance of a scaling group: the state that it is on its way to. */
  targetLifecycleState?: string
  /** The instance's own profile and the credentials of its role. */
  role: InstanceRole | null
}

/** The instance behind a private address, or undefined when no living one holds it. */
export async function metadataOf(
  app: App,
  vpcId: string,
  privateAddress: string,
): Promise<MetadataView | undefined> {
  const { store } = app
  const reference = { name: 'address', value: `${vpcId}/${privateAddress}` }
  const [asked] = await store.list('networkInterface', { reference })
  if (!asked?.attachment) return undefined
  const instance = await store.get('instance', asked.attachment.instanceId)
  if (!instance || instance.releasedAt !== null) return undefined
  const mine = { reference: { name: 'instance', value: instance.id } }
  const [vpc, interfaces, volumes, member] = await Promise.all([
    store.get('vpc', vpcId),
    store.list('networkInterface', mine),
    volumesOf(store, instance.id),
    store.get('scalingInstance', instance.id),
  ])
  if (!vpc) return undefined
  const deviceNames = volumes.map((volume) => volume.attachment!.deviceName).sort()
  return {
    ...identityOf(instance),
    role: await instanceRoleOf(app, instance),
    connectKeys: connectKeysOf(instance, app.clock.now()),
    ...(member && {
      targetLifecycleState: targetStateOf(member, await poolStateOf(store, member)),
    }),
    dataDeviceNames: deviceNames.filter((name) => name !== instance.spec.rootDeviceName),
    interfaces: await interfacesOf(store, instance, vpc, interfaces),
  }
}

async function poolStateOf(
  reader: StoreReader,
  { isWarmed, groupId }: ScalingInstance,
): Promise<PoolState | undefined> {
  return isWarmed ? (await reader.get('scalingGroup', groupId))?.warmPool?.state : undefined
}

function identityOf(
  instance: Instance,
): Omit<
  MetadataView,
  'connectKeys' | 'dataDeviceNames' | 'interfaces' | 'role' | 'targetLifecycleState'
> {
  const { spec } = instance
  const hasKey = spec.keyName !== null && spec.publicKey !== null
  return {
    instanceId: instance.id,
    account: instance.account,
    region: instance.region,
    zone: spec.zone,
    imageId: spec.imageId,
    instanceType: spec.instanceType,
    architecture: spec.architecture,
    reservationId: spec.reservationId,
    launchIndex: spec.launchIndex,
    launchedAt: spec.launchedAt,
    options: spec.metadata,
    rootDeviceName: spec.rootDeviceName,
    publicKey: hasKey ? { name: spec.keyName!, line: spec.publicKey! } : null,
    userData: spec.userData,
    isHibernationConfigured: spec.isHibernationEnabled,
    placementGroup: spec.placementGroup,
    tags: spec.metadata.areTagsEnabled ? instance.tags : {},
  }
}

async function interfacesOf(
  reader: StoreReader,
  instance: Instance,
  vpc: Vpc,
  interfaces: readonly NetworkInterface[],
): Promise<MetadataInterface[]> {
  const subnets = await reader.list('subnet', { ids: unique(interfaces, (one) => [one.subnetId]) })
  const groups = await reader.list('securityGroup', {
    ids: unique(interfaces, (one) => one.groupIds),
  })
  return interfaces
    .map((one) => interfaceOf(instance, vpc, one, subnets, groups))
    .sort((a, b) => a.deviceIndex - b.deviceIndex)
}

function interfaceOf(
  instance: Instance,
  vpc: Vpc,
  one: NetworkInterface,
  subnets: readonly Subnet[],
  groups: readonly SecurityGroup[],
): MetadataInterface {
  const { region, spec } = instance
  const primary = one.privateAddresses[0]!
  const isNamedById = spec.privateDnsHostnameType === 'resource-name'
  const isPrimary = one.attachment?.deviceIndex === 0
  const host = isNamedById && isPrimary ? instance.id : hostNameOf(primary)
  const publicAddress = publicAddressOf(one)
  const subnet = subnets.find((each) => each.id === one.subnetId)
  const hasPublicName = vpc.hasDnsHostnames && publicAddress !== null
  return {
    interfaceId: one.id,
    deviceIndex: one.attachment?.deviceIndex ?? 0,
    mac: one.mac,
    account: one.account,
    privateAddresses: one.privateAddresses,
    ipv6Addresses: one.ipv6Addresses ?? [],
    hostName: `${host}.${privateDomainOf(region)}`,
    publicAddress,
    publicBindings: publicBindings(one),
    publicHostName: hasPublicName
      ? `ec2-${publicAddress.replaceAll('.', '-')}.${publicDomainOf(region)}`
      : null,
    groups: one.groupIds.map((id) => ({
      id,
      name: groups.find((group) => group.id === id)?.name ?? id,
    })),
    subnetId: one.subnetId,
    subnetCidr: subnet?.cidrBlock ?? vpc.cidrBlock,
    subnetIpv6Cidrs: subnet?.ipv6Block ? [subnet.ipv6Block.cidrBlock] : [],
    vpcId: vpc.id,
    vpcCidrs: vpcBlocks(vpc).map((block) => block.cidrBlock),
    vpcIpv6Cidrs: (vpc.ipv6Blocks ?? []).map((block) => block.cidrBlock),
  }
}

function unique<T>(items: readonly T[], idsOf: (item: T) => readonly string[]): string[] {
  return [...new Set(items.flatMap((item) => idsOf(item)))]
}
