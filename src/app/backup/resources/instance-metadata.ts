/**
 * Restore metadata of an instance: what a point offers, and what a restore makes of what it is given. Keys and forms
 * as AWS's. Source: AWS Backup developer guide, "Restoring an Amazon EC2 instance", "Restore … with the CLI".
 */
import type { RecoveryPoint } from '../../../domain/backup/records.ts'
import type { FirmwareState } from '../../../domain/machine.ts'
import { parseId, type VolumeId } from '../../../domain/ids.ts'
import type { Ctx } from '../../context.ts'
import { profileFind } from '../../iam/instance-profiles.ts'
import type { InterfaceRequest, RunRequest } from '../../instances/run-request.ts'
import { invalidParameter } from '../faults.ts'
import { imageOf, instanceDescriptionOf } from './described-instance.ts'
import { INSTANT_KEY } from './restore-volumes.ts'
import { userTags } from './volumes.ts'

type Metadata = Readonly<Record<string, string>>

/** `new`: a restored machine's TPM is not the one that the backup has. */
const TPM_KEY = 'brume:tpm'

const KEYS = [
  'InstanceType',
  'KeyName',
  'SubnetId',
  'VpcId',
  'SecurityGroupIds',
  'IamInstanceProfileName',
  'CpuOptions',
  'InstanceInitiatedShutdownBehavior',
  'HibernationOptions',
  'DisableApiTermination',
  'CreditSpecification',
  'Placement',
  'UserData',
  'Monitoring',
  'NetworkInterfaces',
  'EbsOptimized',
  'RequireIMDSv2',
  'Architecture',
  'Platform',
  'RootDeviceType',
  'VirtualizationType',
  'EnaSupport',
  'aws:backup:request-id',
  INSTANT_KEY,
  TPM_KEY,
]

export function instanceMetadata(point: RecoveryPoint): Record<string, string> {
  const { spec, interfaces } = instanceDescriptionOf(point).instance
  const primary = interfaces.find((one) => one.deviceIndex === 0)
  const profile = spec.iamInstanceProfileArn?.split('/').at(-1)
  const { coresPerSocket: CoreCount, threadsPerCore: ThreadsPerCore } = spec
  return {
    InstanceType: spec.instanceType,
    VpcId: spec.vpcId,
    SubnetId: spec.subnetId,
    SecurityGroupIds: JSON.stringify(primary?.groupIds ?? []),
    CpuOptions: JSON.stringify({ CoreCount, ThreadsPerCore }),
    InstanceInitiatedShutdownBehavior: spec.shutdownBehavior,
    DisableApiTermination: String(spec.isTerminationProtected),
    EbsOptimized: String(spec.isEbsOptimized),
    HibernationOptions: JSON.stringify({ Configured: spec.isHibernationEnabled }),
    Monitoring: JSON.stringify({ State: spec.isMonitored ? 'enabled' : 'disabled' }),
    Placement: JSON.stringify({
      AvailabilityZone: spec.zone,
      GroupName: '',
      Tenancy: spec.tenancy,
    }),
    RequireIMDSv2: String(spec.metadata.areTokensRequired),
    Architecture: spec.architecture,
    RootDeviceType: 'ebs',
    VirtualizationType: 'hvm',
    ...(spec.cpuCredits
      ? { CreditSpecification: JSON.stringify({ CpuCredits: spec.cpuCredits }) }
      : {}),
    ...(spec.keyName ? { KeyName: spec.keyName } : {}),
    ...(profile ? { IamInstanceProfileName: profile } : {}),
    ...(spec.userData ? { UserData: spec.userData } : {}),
  }
}

export interface PointOptions {
  token: string
  areTagsCopied: boolean
  volumes: ReadonlyMap<string, VolumeId>
  /** As the point has it; null: it has none, or is not asked. */
  firmware: FirmwareState | null
}

/** @throws InvalidParameterValueException, and faults of what is named and not there. */
export async function runRequestOfPoint(
  ctx: Ctx,
  point: RecoveryPoint,
  metadata: Metadata,
  options: PointOptions,
): Promise<RunRequest> {
  const unknown = Object.keys(metadata).find((key) => !KEYS.includes(key))
  if (unknown) throw invalid(`Unrecognized key : ${unknown}`)
  const described = instanceDescriptionOf(point)
  const { spec } = described.instance
  const placement = objectOf(metadata, 'Placement', { AvailabilityZone: isText, Tenancy: isText })
  const credits = objectOf(metadata, 'CreditSpecification', { CpuCredits: isText })
  const cpu = objectOf(metadata, 'CpuOptions', { CoreCount: isCount, ThreadsPerCore: isCount })
  const instanceType = metadata.InstanceType ?? spec.instanceType
  const tpm = metadata[TPM_KEY] ?? 'restored'
  if (tpm !== 'new' && tpm !== 'restored') throw invalid(`${TPM_KEY} is new or restored: ${tpm}`)
  const image = imageOf(point)
  const uefiVariables = options.firmware?.variables ?? image.uefiVariables ?? null
  const isSameType = instanceType === spec.instanceType
  const keyName = metadata.KeyName || null
  const profileName = metadata.IamInstanceProfileName
  return {
    imageId: spec.imageId,
    instanceType,
    minCount: 1,
    maxCount: 1,
    clientToken: options.token,
    keyName,
    userData: metadata.UserData || null,
    interfaces: interfacesOf(metadata),
    zone: placement.AvailabilityZone || null,
    blockDevices: [],
    restored: {
      image: { ...image, uefiVariables },
      tpmState: tpm === 'restored' ? (options.firmware?.tpm ?? null) : null,
      // The key is the machine's own: it is there even where the key pair is not.
      publicKey: keyName === spec.keyName ? spec.publicKey : null,
      volumes: described.volumes.flatMap(({ volumeId, deviceName, deleteOnTermination }) => {
        const made = options.volumes.get(volumeId)
        return made && deviceName ? [{ volumeId: made, deviceName, deleteOnTermination }] : []
      }),
    },
    tags: {
      instance: options.areTagsCopied ? userTags(described.instance.tags) : {},
      volume: {},
      networkInterface: {},
    },
    metadata: {
      ...spec.metadata,
      areTokensRequired: boolOf(metadata, 'RequireIMDSv2') ?? spec.metadata.areTokensRequired,
    },
    hostnameType: null,
    cpu:
      isSameType && cpu.CoreCount && cpu.ThreadsPerCore
        ? { coreCount: cpu.CoreCount, threadsPerCore: cpu.ThreadsPerCore }
        : null,
    options: {
      shutdownBehavior:
        metadata.InstanceInitiatedShutdownBehavior === 'terminate' ? 'terminate' : 'stop',
      isTerminationProtected: boolOf(metadata, 'DisableApiTermination') ?? false,
      isStopProtected: spec.isStopProtected,
      isMonitored: objectOf(metadata, 'Monitoring', { State: isText }).State === 'enabled',
      isEbsOptimized: boolOf(metadata, 'EbsOptimized') ?? false,
      isHibernationEnabled: false,
      iamInstanceProfileArn: profileName
        ? (await profileFind(ctx, { Name: profileName })).arn
        : null,
      tenancy: placement.Tenancy === 'dedicated' ? 'dedicated' : 'default',
      cpuCredits: isSameType
        ? ((credits.CpuCredits ?? null) as 'standard' | 'unlimited' | null)
        : null,
      autoRecovery: spec.autoRecovery,
    },
  }
}

const INTERFACE = {
  DeviceIndex: isCount,
  SubnetId: isText,
  Groups: areTexts,
  SecurityGroupIds: areTexts,
  PrivateIpAddress: isText,
  AssociatePublicIpAddress: isBoolean,
  DeleteOnTermination: isBoolean,
  Description: isText,
}

function interfacesOf(metadata: Metadata): InterfaceRequest[] {
  const given = metadata.NetworkInterfaces ? listOf(metadata, 'NetworkInterfaces') : []
  if (given.length === 0) {
    const groups = metadata.SecurityGroupIds ? listOf(metadata, 'SecurityGroupIds') : []
    if (!areTexts(groups)) throw invalid('SecurityGroupIds is no list of ids.')
    return [interfaceOf({ SubnetId: metadata.SubnetId ?? '', Groups: groups }, 0)]
  }
  const interfaces = given.map((one) => shaped('NetworkInterfaces', one, INTERFACE))
  return interfaces.map((one, index) => interfaceOf(one, one.DeviceIndex ?? index))
}

function interfaceOf(one: Shaped<typeof INTERFACE>, deviceIndex: number): InterfaceRequest {
  const groups = one.Groups ?? one.SecurityGroupIds ?? []
  return {
    deviceIndex,
    interfaceId: null,
    subnetId: one.SubnetId ? parseId('subnet', one.SubnetId) : null,
    groupIds: groups.map((id) => parseId('securityGroup', id)),
    groupNames: [],
    privateAddress: one.PrivateIpAddress ?? null,
    hasPublicAddress: one.AssociatePublicIpAddress ?? null,
    deleteOnTermination: one.DeleteOnTermination ?? true,
    description: one.Description ?? '',
  }
}

const invalid = (text: string) => invalidParameter(`Invalid restore metadata. ${text}`)

function parsed(metadata: Metadata, key: string): unknown {
  try {
    return JSON.parse(metadata[key]!) as unknown
  } catch {
    throw invalid(`${key} is no JSON.`)
  }
}

/** What members of a user's JSON must be; those that are not named are not looked at. */
type Shape = Readonly<Record<string, (value: unknown) => boolean>>
type Shaped<S> = {
  [K in keyof S]?: S[K] extends ((value: unknown) => value is infer T) ? T : never
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}
function isBoolean(value: unknown): value is boolean {
  return typeof value === 'boolean'
}
function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 0xffff
}
function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText)
}

function shaped<S extends Shape>(key: string, value: unknown, shape: S): Shaped<S> {
  if (typeof value !== 'object' || value === null) throw invalid(`${key} is no JSON object.`)
  for (const [name, isRight] of Object.entries(shape)) {
    const member = (value as Record<string, unknown>)[name] ?? null
    if (member !== null && !isRight(member)) throw invalid(`${key}: ${name} is not what it can be.`)
  }
  return value
}

function objectOf<S extends Shape>(metadata: Metadata, key: string, shape: S): Shaped<S> {
  return shaped(key, metadata[key] ? parsed(metadata, key) : {}, shape)
}

/** A JSON list; of ids also what is written between commas. */
function listOf(metadata: Metadata, key: string): unknown[] {
  const text = metadata[key]!.trim()
  if (!text.startsWith('[')) return text.split(',').map((one) => one.trim())
  const value = parsed(metadata, key)
  if (Array.isArray(value)) return value
  throw invalid(`${key} is no JSON list.`)
}

function boolOf(metadata: Metadata, key: string): boolean | null {
  const text = metadata[key]
  if (text === undefined || text === '') return null
  if (text !== 'true' && text !== 'false')
    throw invalid(`${key} is neither true nor false: ${text}`)
  return text === 'true'
}
