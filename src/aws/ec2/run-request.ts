/** RunInstances' parameters in our words: defaults, combinations that EC2 refuses, features that are not here. */
import type {
  InstanceNetworkInterfaceSpecification,
  RunInstancesRequest,
} from '@aws-sdk/client-ec2'
import type { Ctx } from '../../app/context.ts'
import { profileFind } from '../../app/iam/instance-profiles.ts'
import { metadataDefaults } from '../../app/metadata-defaults.ts'
import type { InterfaceRequest, RunRequest } from '../../app/instances/run-request.ts'
import { FaultError, invalidValue } from '../../domain/faults.ts'
import { parseId } from '../../domain/ids.ts'
import type { MetadataOptions } from '../../domain/instance.ts'
import { blockDeviceOf } from './block-devices.ts'
import { imageIdOf } from './image-alias.ts'
import { declinedOf, launchFeaturesRefused } from './launch-features.ts'
import { launchInputOf } from './launch-template-data.ts'
import { placementWishOf } from './placement-wish.ts'
import { ipv6AddressesOf, privateAddressesOf } from './private-addresses.ts'
import { tagsOfSpecifications } from './tag-specifications.ts'
import { zoneNameOf } from './zone-parameter.ts'

/** Source: EC2 user guide, "Run commands at launch": 16 KB, before base64. */
export const USER_DATA_BYTES_MAX = 16_384
/** What EC2 launches when no type is named. */
const TYPE_DEFAULT = 'm1.small'

export async function runRequestOf(ctx: Ctx, given: RunInstancesRequest): Promise<RunRequest> {
  const { input, originTags } = await launchInputOf(ctx, given)
  launchFeaturesRefused(input)
  if (!input.ImageId) throw new FaultError({ type: 'MissingParameter', parameter: 'ImageId' })
  const placement = placementWishOf(input.Placement)
  return {
    imageId: await imageIdOf(ctx, input.ImageId),
    instanceType: input.InstanceType ?? TYPE_DEFAULT,
    minCount: input.MinCount ?? 1,
    maxCount: input.MaxCount ?? 1,
    clientToken: input.ClientToken ?? null,
    keyName: input.KeyName || null,
    userData: userDataOf(input.UserData),
    interfaces: interfacesOf(input),
    zone: zoneNameOf(ctx, input.Placement),
    ...(placement && { placement }),
    blockDevices: (input.BlockDeviceMappings ?? []).map(blockDeviceOf),
    tags: {
      instance: {
        ...originTags,
        ...tagsOfSpecifications(input.TagSpecifications, 'instance', TAGGABLE),
      },
      volume: tagsOfSpecifications(input.TagSpecifications, 'volume', TAGGABLE),
      networkInterface: tagsOfSpecifications(
        input.TagSpecifications,
        'network-interface',
        TAGGABLE,
      ),
    },
    metadata: await metadataOfLaunch(ctx, input.MetadataOptions),
    hostnameType: input.PrivateDnsNameOptions?.HostnameType ?? null,
    resourceNames: resourceNamesOf(input.PrivateDnsNameOptions),
    cpu: cpuOf(input),
    options: {
      shutdownBehavior: input.InstanceInitiatedShutdownBehavior ?? 'stop',
      isTerminationProtected: input.DisableApiTermination ?? false,
      isStopProtected: input.DisableApiStop ?? false,
      isMonitored: input.Monitoring?.Enabled ?? false,
      isEbsOptimized: input.EbsOptimized ?? false,
      isHibernationEnabled: input.HibernationOptions?.Configured ?? false,
      // Packer sends empty names for what it does not want.
      iamInstanceProfileArn:
        input.IamInstanceProfile?.Arn || input.IamInstanceProfile?.Name
          ? (await profileFind(ctx, input.IamInstanceProfile)).arn
          : null,
      tenancy: input.Placement?.Tenancy === 'dedicated' ? 'dedicated' : 'default',
      cpuCredits: (input.CreditSpecification?.CpuCredits ?? null) as
        | 'standard'
        | 'unlimited'
        | null,
      autoRecovery: input.MaintenanceOptions?.AutoRecovery ?? 'default',
      ...declinedOf(input),
    },
  }
}

const TAGGABLE = ['instance', 'volume', 'network-interface'] as const

export function userDataOf(text: string | undefined): string | null {
  if (!text) return null
  const bytes = Buffer.from(text, 'base64')
  const isBase64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/.test(text)
  if (!isBase64) throw invalidValue('UserData', '…', 'Invalid BASE64 encoding of user data.')
  if (bytes.length > USER_DATA_BYTES_MAX) {
    const reason = `User data is limited to ${USER_DATA_BYTES_MAX} bytes`
    throw invalidValue('UserData', `${bytes.length} bytes`, reason)
  }
  return bytes.toString('base64')
}

function interfacesOf(input: RunInstancesRequest): InterfaceRequest[] {
  const { NetworkInterfaces: wanted } = input
  if (!wanted || wanted.length === 0) {
    if (input.SubnetId && input.SecurityGroups?.length) {
      throw new FaultError({
        type: 'InvalidCombination',
        parameters: ['groupName', 'subnet'],
        reason: 'The parameter groupName cannot be used with the parameter subnet',
      })
    }
    return [
      {
        deviceIndex: 0,
        interfaceId: null,
        subnetId: input.SubnetId ? parseId('subnet', input.SubnetId) : null,
        groupIds: (input.SecurityGroupIds ?? []).map((id) => parseId('securityGroup', id)),
        groupNames: input.SecurityGroups ?? [],
        privateAddress: input.PrivateIpAddress || null,
        ...ipv6Of(input),
        hasPublicAddress: null,
        deleteOnTermination: true,
        description: '',
      },
    ]
  }
  const clash =
    input.SubnetId ||
    input.SecurityGroupIds?.length ||
    input.SecurityGroups?.length ||
    input.Ipv6AddressCount ||
    input.Ipv6Addresses?.length
  if (clash) {
    throw new FaultError({
      type: 'InvalidCombination',
      parameters: ['NetworkInterfaces', 'SubnetId', 'SecurityGroupIds'],
      reason:
        'Network interfaces and an instance-level subnet ID or security groups may not be ' +
        'specified on the same request',
    })
  }
  return wanted.map((one, index) => ({
    deviceIndex: one.DeviceIndex ?? index,
    interfaceId: one.NetworkInterfaceId
      ? parseId('networkInterface', one.NetworkInterfaceId)
      : null,
    subnetId: one.SubnetId ? parseId('subnet', one.SubnetId) : null,
    groupIds: (one.Groups ?? []).map((id) => parseId('securityGroup', id)),
    groupNames: [],
    ...addressesOf(one),
    ...ipv6Of({ ...one, EnablePrimaryIpv6: one.PrimaryIpv6 }),
    hasPublicAddress: one.AssociatePublicIpAddress ?? null,
    deleteOnTermination: one.DeleteOnTermination ?? one.NetworkInterfaceId === undefined,
    description: one.Description ?? '',
  }))
}

function addressesOf(
  one: InstanceNetworkInterfaceSpecification,
): Pick<InterfaceRequest, 'privateAddress' | 'secondaryAddresses'> {
  const [privateAddress = null, ...secondaryAddresses] = privateAddressesOf(one)
  return { privateAddress, secondaryAddresses }
}

/** Absent when nothing is said of IPv6: the subnet decides. */
function ipv6Of(input: Parameters<typeof ipv6AddressesOf>[0]): Pick<InterfaceRequest, 'ipv6'> {
  const ipv6 = ipv6AddressesOf(input)
  return ipv6 ? { ipv6 } : {}
}

function resourceNamesOf(
  options: RunInstancesRequest['PrivateDnsNameOptions'],
): NonNullable<RunRequest['resourceNames']> {
  const { EnableResourceNameDnsARecord: hasA, EnableResourceNameDnsAAAARecord: hasAaaa } =
    options ?? {}
  return { ...(hasA !== undefined && { hasA }), ...(hasAaaa !== undefined && { hasAaaa }) }
}

type Ec2MetadataOptions = RunInstancesRequest['MetadataOptions']

/** What the launch does not say, the account's defaults do. @throws Fault `Unsupported` against what it enforces. */
async function metadataOfLaunch(ctx: Ctx, options: Ec2MetadataOptions): Promise<MetadataOptions> {
  const { areTokensEnforced, ...defaults } = await metadataDefaults(ctx)
  const metadata = metadataOf(options, { ...METADATA_DEFAULT, ...defaults })
  if (!areTokensEnforced || metadata.areTokensRequired) return metadata
  const hint = 'the account enforces HttpTokens required in this region'
  throw new FaultError({ type: 'Unsupported', feature: 'a launch with HttpTokens optional', hint })
}

export function metadataOf(
  options: Ec2MetadataOptions,
  before: MetadataOptions = METADATA_DEFAULT,
): MetadataOptions {
  const hopLimit = options?.HttpPutResponseHopLimit ?? before.hopLimit
  if (hopLimit < 1 || hopLimit > 64) {
    throw invalidValue('HttpPutResponseHopLimit', hopLimit, 'must be between 1 and 64')
  }
  const is = (value: string | undefined, yes: string, otherwise: boolean): boolean =>
    value === undefined ? otherwise : value === yes
  return {
    isEnabled: is(options?.HttpEndpoint, 'enabled', before.isEnabled),
    areTokensRequired: is(options?.HttpTokens, 'required', before.areTokensRequired),
    hopLimit,
    areTagsEnabled: is(options?.InstanceMetadataTags, 'enabled', before.areTagsEnabled),
  }
}

/** IMDSv1 stays allowed by default, as for images that do not say `imds-support=v2.0`. */
const METADATA_DEFAULT: MetadataOptions = {
  isEnabled: true,
  areTokensRequired: false,
  hopLimit: 1,
  areTagsEnabled: false,
}

function cpuOf(input: RunInstancesRequest): RunRequest['cpu'] {
  const { CoreCount, ThreadsPerCore } = input.CpuOptions ?? {}
  if (CoreCount === undefined && ThreadsPerCore === undefined) return null
  if (CoreCount === undefined || ThreadsPerCore === undefined) {
    const parameter = CoreCount === undefined ? 'CpuOptions.CoreCount' : 'CpuOptions.ThreadsPerCore'
    throw new FaultError({ type: 'MissingParameter', parameter })
  }
  if (CoreCount < 1 || ThreadsPerCore < 1 || ThreadsPerCore > 2) {
    throw invalidValue('CpuOptions', `${CoreCount}×${ThreadsPerCore}`, 'not a valid combination')
  }
  return { coreCount: CoreCount, threadsPerCore: ThreadsPerCore }
}
