/**
 * What an operation makes, before it is there: one target for each thing with what is known of it. A launch makes a
 * volume for each block device, also for those that only the image names, and an interface for each asked for, in any
 * of the places where it may land: a Deny on the second disk counts as one on the first.
 */
import type { Ctx } from '../../app/context.ts'
import { profileFind } from '../../app/iam/instance-profiles.ts'
import type { Subnet } from '../../domain/network.ts'
import type { Wanted } from '../authorisation/wanted.ts'
import { arnOf, launchPlaces, zoneKeys, type Target } from './authorisation-resources.ts'

type Input = Readonly<Record<string, any>>
type Keys = Wanted['keys']

/** Types of what an operation makes. */
const CREATED: Readonly<Record<string, readonly string[]>> = {
  AllocateAddress: ['elastic-ip'],
  CopyImage: ['image'],
  CopySnapshot: ['snapshot'],
  CopyVolumes: ['volume'],
  CreateDhcpOptions: ['dhcp-options'],
  CreateEgressOnlyInternetGateway: ['egress-only-internet-gateway'],
  CreateFlowLogs: ['vpc-flow-log'],
  CreateImage: ['image', 'snapshot'],
  CreateInternetGateway: ['internet-gateway'],
  CreateKeyPair: ['key-pair'],
  CreateLaunchTemplate: ['launch-template'],
  CreateManagedPrefixList: ['prefix-list'],
  CreateNatGateway: ['natgateway'],
  CreateNetworkAcl: ['network-acl'],
  CreateNetworkInsightsPath: ['network-insights-path'],
  CreateNetworkInterface: ['network-interface'],
  CreatePlacementGroup: ['placement-group'],
  CreateRouteTable: ['route-table'],
  CreateSecurityGroup: ['security-group'],
  CreateSnapshot: ['snapshot'],
  CreateSnapshots: ['snapshot'],
  CreateSubnet: ['subnet'],
  CreateSubnetCidrReservation: ['subnet-cidr-reservation'],
  CreateVolume: ['volume'],
  CreateVpc: ['vpc'],
  CreateVpcEndpoint: ['vpc-endpoint'],
  CreateVpcPeeringConnection: ['vpc-peering-connection'],
  ImportImage: ['image'],
  ImportKeyPair: ['key-pair'],
  ImportSnapshot: ['snapshot'],
  RegisterImage: ['image'],
  StartNetworkInsightsAnalysis: ['network-insights-analysis'],
}

/** Their name is part of the ARN. */
const NAMED: Readonly<Record<string, string>> = {
  'key-pair': 'KeyName',
  'placement-group': 'GroupName',
}
/** More are cut off by the operation itself. */
const DEVICES_MAX = 100

export async function createdTargets(ctx: Ctx, operation: string, input: Input): Promise<Target[]> {
  if (operation === 'RunInstances') return launchedTargets(ctx, input)
  const types = CREATED[operation] ?? []
  return Promise.all(
    types.map(async (type): Promise<Target> => {
      const member = NAMED[type]
      const name = member === undefined ? '*' : String(input[member] ?? '*')
      return { type, arn: arnOf(ctx, type, name), keys: await keysOf(ctx, type, input) }
    }),
  )
}

async function keysOf(ctx: Ctx, type: string, input: Input): Promise<Keys> {
  const zone = zoneKeys(ctx, input.AvailabilityZone)
  switch (type) {
    case 'volume':
      return { ...zone, ...volumeKeys(ctx, input, input.Size) }
    case 'network-interface': {
      const subnet = await subnetOf(ctx, input.SubnetId)
      return { ...zone, ...interfaceKeys(ctx, input, subnet) }
    }
    case 'key-pair':
      return { 'ec2:KeyPairName': input.KeyName, 'ec2:KeyPairType': input.KeyType ?? 'rsa' }
    case 'elastic-ip':
      return { 'ec2:Domain': 'vpc' }
    case 'snapshot':
      return {
        'ec2:ParentVolume':
          typeof input.VolumeId === 'string' ? arnOf(ctx, 'volume', input.VolumeId) : undefined,
      }
    default:
      return { 'ec2:Vpc': arnIfGiven(ctx, 'vpc', input.VpcId), ...zone }
  }
}

const arnIfGiven = (ctx: Ctx, type: string, id: unknown) =>
  typeof id === 'string' ? arnOf(ctx, type, id) : undefined
const numberText = (value: unknown) => (typeof value === 'number' ? String(value) : undefined)
const booleanText = (value: unknown) => (typeof value === 'boolean' ? String(value) : undefined)

async function subnetOf(ctx: Ctx, id: unknown): Promise<Subnet | undefined> {
  const found = typeof id === 'string' ? await ctx.app.store.get('subnet', id) : undefined
  return found?.account === ctx.account ? found : undefined
}

function volumeKeys(ctx: Ctx, ebs: Input, size: unknown): Keys {
  return {
    'ec2:Encrypted': String(ebs.Encrypted ?? false),
    'ec2:VolumeType': ebs.VolumeType ?? 'gp2',
    'ec2:VolumeSize': numberText(size),
    'ec2:VolumeIops': numberText(ebs.Iops),
    'ec2:VolumeThroughput': numberText(ebs.Throughput),
    'ec2:KmsKeyId': ebs.KmsKeyId,
    'ec2:ParentSnapshot': arnIfGiven(ctx, 'snapshot', ebs.SnapshotId),
  }
}

function interfaceKeys(ctx: Ctx, input: Input, subnet: Subnet | undefined): Keys {
  return {
    'ec2:AvailabilityZone': subnet?.zone,
    'ec2:Subnet': arnIfGiven(ctx, 'subnet', subnet?.id ?? input.SubnetId),
    'ec2:Vpc': arnIfGiven(ctx, 'vpc', subnet?.vpcId),
    'ec2:AssociatePublicIpAddress': booleanText(input.AssociatePublicIpAddress),
  }
}

async function launchedTargets(ctx: Ctx, input: Input): Promise<Target[]> {
  const places = await launchPlaces(ctx, input)
  const disks = await disksOf(ctx, input)
  const wished = (input.NetworkInterfaces ?? []) as Input[]
  const interfaces = wished.length > 0 ? wished : [{ SubnetId: input.SubnetId }]
  const own = await instanceKeys(ctx, input)
  // Without a place it may land in, the launch fails by itself.
  const zones = places.length > 0 ? [...new Set(places.map(({ zone }) => zone))] : [undefined]
  const ofZone = (zone: string | undefined): Target[] => [
    {
      type: 'instance',
      arn: arnOf(ctx, 'instance', '*'),
      keys: { ...own, ...zoneKeys(ctx, zone) },
    },
    ...disks.map((keys): Target => {
      return {
        type: 'volume',
        arn: arnOf(ctx, 'volume', '*'),
        keys: { ...keys, ...zoneKeys(ctx, zone) },
      }
    }),
  ]
  const made = zones.flatMap(ofZone)
  for (const wish of interfaces) {
    if (wish.NetworkInterfaceId !== undefined) continue
    const subnet = await subnetOf(ctx, wish.SubnetId ?? input.SubnetId)
    for (const place of subnet ? [subnet] : places.length > 0 ? places : [undefined]) {
      const keys = interfaceKeys(ctx, { ...wish, SubnetId: place?.id ?? wish.SubnetId }, place)
      made.push({ type: 'network-interface', arn: arnOf(ctx, 'network-interface', '*'), keys })
    }
  }
  return made
}

/** Of the image, as the request changes them, and the request's own. */
async function disksOf(ctx: Ctx, input: Input): Promise<Keys[]> {
  const found =
    typeof input.ImageId === 'string' ? await ctx.app.store.get('image', input.ImageId) : undefined
  const devices = new Map<string, Input>(
    (found?.blockDevices ?? []).map((device) => [
      device.deviceName,
      {
        VolumeSize: device.sizeGiB,
        VolumeType: device.type,
        Iops: device.iops ?? undefined,
        Encrypted: device.isEncrypted,
        SnapshotId: device.snapshotId ?? undefined,
      },
    ]),
  )
  const mappings = ((input.BlockDeviceMappings ?? []) as Input[]).slice(0, DEVICES_MAX)
  for (const { DeviceName: name, Ebs: ebs, NoDevice: none } of mappings) {
    if (none !== undefined) devices.delete(name)
    else if (ebs) devices.set(name, { ...devices.get(name), ...ebs })
  }
  return [...devices.values()].map((ebs) => volumeKeys(ctx, ebs, ebs.VolumeSize))
}

async function instanceKeys(ctx: Ctx, input: Input): Promise<Keys> {
  const metadata = (input.MetadataOptions ?? {}) as Input
  const group = input.Placement?.GroupName
  return {
    'ec2:InstanceType': input.InstanceType ?? 'm1.small',
    'ec2:EbsOptimized': String(input.EbsOptimized ?? false),
    'ec2:Tenancy': input.Placement?.Tenancy ?? 'default',
    'ec2:RootDeviceType': 'ebs',
    'ec2:InstanceMarketType': input.InstanceMarketOptions?.MarketType ?? 'on-demand',
    'ec2:MetadataHttpEndpoint': metadata.HttpEndpoint ?? 'enabled',
    'ec2:MetadataHttpTokens': metadata.HttpTokens ?? 'optional',
    'ec2:MetadataHttpPutResponseHopLimit': String(metadata.HttpPutResponseHopLimit ?? 1),
    'ec2:InstanceMetadataTags': metadata.InstanceMetadataTags ?? 'disabled',
    'ec2:InstanceAutoRecovery': input.MaintenanceOptions?.AutoRecovery ?? 'default',
    'ec2:PlacementGroup': arnIfGiven(ctx, 'placement-group', group),
    'ec2:PlacementGroupName': group,
    'ec2:InstanceProfile': await profileArn(ctx, input.IamInstanceProfile),
  }
}

/** Also where the request has only its name. */
export async function profileArn(ctx: Ctx, profile: unknown): Promise<string | undefined> {
  if (typeof profile !== 'object' || profile === null) return undefined
  const { arn } = await profileFind(ctx, profile as { Arn?: string; Name?: string })
  return arn
}
