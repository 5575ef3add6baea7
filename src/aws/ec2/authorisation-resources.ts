/** The resources that an input names, with the condition keys that they have: looked up where they exist. */
import type { Ctx } from '../../app/context.ts'
import { kindOfId } from '../../domain/ids.ts'
import type { Subnet } from '../../domain/network.ts'
import type { Ec2Kind, ResourceTypes } from '../../domain/resource-types.ts'
import { zoneIdOf } from '../../domain/zones.ts'
import type { Wanted } from '../authorisation/wanted.ts'
import { RESOURCE_TYPES } from './resource-types.ts'

type Input = Readonly<Record<string, any>>
type Resource = ResourceTypes[Ec2Kind]

export interface Target {
  type: string
  arn: string
  keys: Wanted['keys']
}

/** Prefixes of ids whose resources the store does not keep under that id. */
const OTHER_TYPES: Readonly<Record<string, string>> = {
  nat: 'natgateway',
  fl: 'vpc-flow-log',
  tgw: 'transit-gateway',
  vgw: 'vpn-gateway',
  cgw: 'customer-gateway',
}

/** What is written freely, or only filters. */
const SKIPPED: ReadonlySet<string> = new Set([
  'Filters',
  'Tags',
  'TagSpecifications',
  'UserData',
  'Description',
  'ClientToken',
  'NextToken',
])
/** A request has at most a thousand resources; more is cut off by the operation itself. */
const IDS_MAX = 5_000

export async function resourcesOf(
  ctx: Ctx,
  operation: string,
  types: readonly string[],
  input: Input,
): Promise<Target[]> {
  const targets = new Map<string, Target>()
  const add = (target: Target): void => {
    if (types.includes(target.type)) targets.set(target.arn, target)
  }
  for (const id of idsIn(input)) for (const target of await targetsOfId(ctx, id)) add(target)
  for (const target of await namedTargets(ctx, operation, input)) add(target)
  return [...targets.values()]
}

function idsIn(input: Input): Set<string> {
  const ids = new Set<string>()
  const walk = (value: unknown): void => {
    if (ids.size >= IDS_MAX) return
    if (typeof value === 'string') {
      if (/^[a-z-]{1,20}-(?:[0-9a-f]{8}|[0-9a-f]{17})$/.test(value)) ids.add(value)
    } else if (Array.isArray(value)) value.forEach(walk)
    else if (typeof value === 'object' && value !== null && !(value instanceof Uint8Array)) {
      for (const [key, inner] of Object.entries(value)) if (!SKIPPED.has(key)) walk(inner)
    }
  }
  walk(input)
  return ids
}

async function targetsOfId(ctx: Ctx, id: string): Promise<Target[]> {
  const kind = kindOfId(id)
  const prefix = id.slice(0, id.lastIndexOf('-'))
  if (kind !== undefined && Object.hasOwn(RESOURCE_TYPES, kind)) {
    const type = RESOURCE_TYPES[kind as Ec2Kind]
    if (type === 'security-group-rule') {
      return [{ type, arn: arnOf(ctx, type, id), keys: {} }, ...(await ownersOf(ctx, id))]
    }
    const found = await ctx.app.store.get(kind as Ec2Kind, id)
    const isVisible = found && (found.account === ctx.account || found.region === '*')
    return [isVisible ? targetOf(ctx, kind as Ec2Kind, found) : bareTarget(ctx, type, id)]
  }
  const type = OTHER_TYPES[prefix]
  return type === undefined ? ownersOf(ctx, id) : [bareTarget(ctx, type, id)]
}

function bareTarget(ctx: Ctx, type: string, id: string): Target {
  return { type, arn: arnOf(ctx, type, id), keys: {} }
}

/** Images and snapshots are shared: their ARNs name no account. */
export function arnOf(ctx: Ctx, type: string, name: string): string {
  const account = type === 'image' || type === 'snapshot' ? '' : ctx.account
  return `arn:aws:ec2:${ctx.region}:${account}:${type}/${name}`
}

/** What holds an attachment, an association or a rule. */
const OWNERS = [
  'routeTable',
  'networkAcl',
  'networkInterface',
  'securityGroup',
  'vpc',
  'subnet',
] as const

async function ownersOf(ctx: Ctx, innerId: string): Promise<Target[]> {
  const { store } = ctx.app
  const scope = { account: ctx.account, region: ctx.region }
  const association = await store.get('profileAssociation', innerId)
  if (association?.account === ctx.account) return targetsOfId(ctx, association.instanceId)
  const owners: Target[] = []
  for (const kind of OWNERS) {
    for (const resource of await store.list(kind, scope)) {
      if (!JSON.stringify(resource).includes(`"${innerId}"`)) continue
      owners.push(targetOf(ctx, kind, resource))
      if ('elasticAddresses' in resource) {
        for (const elastic of resource.elasticAddresses ?? []) {
          if (elastic.id === innerId) owners.push(...(await targetsOfId(ctx, elastic.allocationId)))
        }
      }
      if ('attachment' in resource && resource.attachment) {
        owners.push(...(await targetsOfId(ctx, resource.attachment.instanceId)))
      }
    }
  }
  return owners
}

/** Key pairs, groups and addresses have names beside their ids; a launch has defaults. */
async function namedTargets(ctx: Ctx, operation: string, input: Input): Promise<Target[]> {
  const { store } = ctx.app
  const scope = { account: ctx.account, region: ctx.region }
  const targets: Target[] = []
  const isNew = operation === 'CreateKeyPair' || operation === 'ImportKeyPair'
  if (typeof input.KeyName === 'string' && !isNew) {
    const key = (await store.list('keyPair', scope)).find((one) => one.name === input.KeyName)
    targets.push(key ? targetOf(ctx, 'keyPair', key) : bareTarget(ctx, 'key-pair', input.KeyName))
  }
  const names = [input.GroupName, ...(input.SecurityGroups ?? [])].filter(
    (name): name is string => typeof name === 'string',
  )
  if (names.length > 0 && operation !== 'CreateSecurityGroup') {
    const groups = await store.list('securityGroup', scope)
    for (const group of groups) {
      if (names.includes(group.name)) targets.push(targetOf(ctx, 'securityGroup', group))
    }
  }
  if (typeof input.PublicIp === 'string') {
    const addresses = await store.list('elasticAddress', scope)
    const found = addresses.find((one) => one.publicAddress === input.PublicIp)
    if (found) targets.push(targetOf(ctx, 'elasticAddress', found))
  }
  if (operation === 'CreateSnapshots' || operation === 'CreateImage') {
    const instanceId = String(input.InstanceId ?? input.InstanceSpecification?.InstanceId ?? '')
    const reference = { name: 'instance', value: instanceId }
    const volumes = await store.list('volume', { ...scope, reference })
    targets.push(...volumes.map((volume) => targetOf(ctx, 'volume', volume)))
  }
  if (typeof input.LaunchTemplateName === 'string' && operation !== 'CreateLaunchTemplate') {
    const reference = { name: 'name', value: input.LaunchTemplateName }
    for (const each of await store.list('launchTemplate', { ...scope, reference })) {
      targets.push(targetOf(ctx, 'launchTemplate', each))
    }
  }
  const placement = input.Placement?.GroupName ?? input.GroupName
  if (typeof placement === 'string' && operation !== 'CreatePlacementGroup') {
    const reference = { name: 'name', value: placement }
    for (const each of await store.list('placementGroup', { ...scope, reference })) {
      targets.push(targetOf(ctx, 'placementGroup', each))
    }
  }
  if (operation === 'RunInstances') targets.push(...(await launchDefaults(ctx, input)))
  return targets
}

interface WishedInterface {
  SubnetId?: string
  NetworkInterfaceId?: string
  Groups?: string[]
}

/** The subnets where a launch may land: those it names, else every default one. */
export async function launchPlaces(ctx: Ctx, input: Input): Promise<Subnet[]> {
  const { store } = ctx.app
  const interfaces = (input.NetworkInterfaces ?? []) as WishedInterface[]
  const named = [input.SubnetId as string | undefined, ...interfaces.map((one) => one.SubnetId)]
  const ids = new Set(named.filter((id) => id !== undefined))
  const subnets = await store.list('subnet', { account: ctx.account, region: ctx.region })
  const places = subnets.filter(({ id }) => ids.has(id))
  if (!isPlaceOpen(input)) return places
  return [...places, ...(await defaultPlaces(ctx, input))]
}

/** Whether the cloud chooses a subnet. */
function isPlaceOpen(input: Input): boolean {
  if (input.SubnetId !== undefined) return false
  const interfaces = (input.NetworkInterfaces ?? []) as WishedInterface[]
  if (interfaces.length === 0) return true
  return interfaces.some((one) => one.SubnetId === undefined && !one.NetworkInterfaceId)
}

async function defaultPlaces(ctx: Ctx, input: Input): Promise<Subnet[]> {
  const { store } = ctx.app
  const scope = { account: ctx.account, region: ctx.region }
  const zone = (input.Placement?.AvailabilityZone as string | undefined) || undefined
  const [vpc] = await store.list('vpc', { ...scope, reference: { name: 'default', value: 'yes' } })
  if (!vpc) return []
  const reference = { name: 'vpc', value: vpc.id }
  const subnets = await store.list('subnet', { ...scope, reference })
  return subnets.filter((subnet) => zone === undefined || subnet.zone === zone)
}

/** What a launch takes without naming it, subnets and the default group: each of them must be allowed. */
async function launchDefaults(ctx: Ctx, input: Input): Promise<Target[]> {
  const { store } = ctx.app
  const interfaces = (input.NetworkInterfaces ?? []) as WishedInterface[]
  const isWithoutGroups =
    interfaces.length === 0
      ? (input.SecurityGroupIds?.length ?? 0) + (input.SecurityGroups?.length ?? 0) === 0
      : interfaces.some((one) => !one.NetworkInterfaceId && !one.Groups?.length)
  const places = isPlaceOpen(input) ? await defaultPlaces(ctx, input) : []
  const targets = places.map((subnet) => targetOf(ctx, 'subnet', subnet))
  if (!isWithoutGroups) return targets
  const vpcIds = new Set((await launchPlaces(ctx, input)).map(({ vpcId }) => vpcId))
  for (const value of vpcIds) {
    const query = { account: ctx.account, reference: { name: 'vpc', value } }
    const groups = await store.list('securityGroup', query)
    const group = groups.find((one) => one.name === 'default')
    if (group) targets.push(targetOf(ctx, 'securityGroup', group))
  }
  return targets
}

/** A zone by its name and by its id. */
export function zoneKeys(ctx: Ctx, zone: unknown): Wanted['keys'] {
  if (typeof zone !== 'string') return {}
  return {
    'ec2:AvailabilityZone': zone,
    'ec2:AvailabilityZoneId': zone.startsWith(ctx.region) ? zoneIdOf(zone) : undefined,
  }
}

function targetOf(ctx: Ctx, kind: Ec2Kind, resource: Resource): Target {
  const type = RESOURCE_TYPES[kind]
  const isNamed = kind === 'keyPair' || kind === 'placementGroup'
  const name = isNamed ? (resource as ResourceTypes['keyPair']).name : resource.id
  const tags = Object.entries(resource.account === ctx.account ? resource.tags : {})
  const own = keysOf(ctx, kind, resource)
  return {
    type,
    arn: arnOf(ctx, type, name),
    keys: {
      ...Object.fromEntries(tags.map(([key, value]) => [`aws:ResourceTag/${key}`, value])),
      ...Object.fromEntries(tags.map(([key, value]) => [`ec2:ResourceTag/${key}`, value])),
      ...own,
      ...zoneKeys(ctx, own['ec2:AvailabilityZone']),
    },
  }
}

const OWN: { [K in Ec2Kind]?: (r: ResourceTypes[K], ctx: Ctx) => Wanted['keys'] } = {
  instance: ({ id, spec }) => ({
    'ec2:InstanceID': id,
    'ec2:InstanceType': spec.instanceType,
    'ec2:AvailabilityZone': spec.zone,
    'ec2:EbsOptimized': String(spec.isEbsOptimized),
    'ec2:Tenancy': spec.tenancy,
    'ec2:RootDeviceType': 'ebs',
    'ec2:InstanceMarketType': 'on-demand',
    'ec2:InstanceProfile': spec.iamInstanceProfileArn ?? undefined,
    'ec2:MetadataHttpEndpoint': spec.metadata.isEnabled ? 'enabled' : 'disabled',
    'ec2:MetadataHttpTokens': spec.metadata.areTokensRequired ? 'required' : 'optional',
    'ec2:MetadataHttpPutResponseHopLimit': String(spec.metadata.hopLimit),
    'ec2:InstanceMetadataTags': spec.metadata.areTagsEnabled ? 'enabled' : 'disabled',
    'ec2:InstanceAutoRecovery': spec.autoRecovery,
    'ec2:PlacementGroupName': spec.placementGroup ?? undefined,
  }),
  volume: (volume, ctx) => ({
    'ec2:VolumeID': volume.id,
    'ec2:VolumeType': volume.type,
    'ec2:VolumeSize': String(volume.sizeGiB),
    'ec2:VolumeIops': volume.iops === null ? undefined : String(volume.iops),
    'ec2:VolumeThroughput':
      volume.throughputMiBps === null ? undefined : String(volume.throughputMiBps),
    'ec2:Encrypted': String(volume.isEncrypted),
    'ec2:AvailabilityZone': volume.zone,
    'ec2:ParentSnapshot':
      volume.snapshotId === null ? undefined : arnOf(ctx, 'snapshot', volume.snapshotId),
  }),
  snapshot: ({ id, account, ownerAlias, volumeId, sizeGiB, createdAt }, ctx) => ({
    'ec2:SnapshotID': id,
    'ec2:ParentVolume': arnOf(ctx, 'volume', volumeId),
    'ec2:VolumeSize': String(sizeGiB),
    'ec2:SnapshotTime': new Date(createdAt).toISOString(),
    'ec2:Owner': ownerAlias ?? account,
  }),
  image: (image) => ({
    'ec2:ImageID': image.id,
    'ec2:ImageType': 'machine',
    'ec2:Owner': image.ownerAlias ?? image.account,
    'ec2:Public': String(image.isPublic),
    'ec2:RootDeviceType': 'ebs',
  }),
  keyPair: ({ name, type }) => ({ 'ec2:KeyPairName': name, 'ec2:KeyPairType': type }),
  vpc: ({ id }) => ({ 'ec2:VpcID': id }),
  subnet: ({ id, vpcId, zone }, ctx) => ({
    'ec2:SubnetID': id,
    'ec2:Vpc': arnOf(ctx, 'vpc', vpcId),
    'ec2:AvailabilityZone': zone,
  }),
  securityGroup: ({ id, vpcId }, ctx) => ({
    'ec2:SecurityGroupID': id,
    'ec2:Vpc': arnOf(ctx, 'vpc', vpcId),
  }),
  routeTable: ({ id, vpcId }, ctx) => ({
    'ec2:RouteTableID': id,
    'ec2:Vpc': arnOf(ctx, 'vpc', vpcId),
  }),
  internetGateway: ({ id }) => ({ 'ec2:InternetGatewayID': id }),
  networkAcl: ({ id, vpcId }, ctx) => ({
    'ec2:NetworkAclID': id,
    'ec2:Vpc': arnOf(ctx, 'vpc', vpcId),
  }),
  dhcpOptions: ({ id }) => ({ 'ec2:DhcpOptionsID': id }),
  elasticAddress: ({ id, publicAddress }) => ({
    'ec2:AllocationId': id,
    'ec2:PublicIpAddress': publicAddress,
    'ec2:Domain': 'vpc',
  }),
  networkInterface: ({ id, vpcId, subnetId, zone }, ctx) => ({
    'ec2:NetworkInterfaceID': id,
    'ec2:Vpc': arnOf(ctx, 'vpc', vpcId),
    'ec2:Subnet': arnOf(ctx, 'subnet', subnetId),
    'ec2:AvailabilityZone': zone,
  }),
}

function keysOf(ctx: Ctx, kind: Ec2Kind, resource: Resource): Wanted['keys'] {
  const own = OWN[kind] as ((r: Resource, ctx: Ctx) => Wanted['keys']) | undefined
  return own?.(resource, ctx) ?? {}
}
