/**
 * Instances: what the user wants (`intended`), what a host reports (`observed`), and the state computed from the
 * two, never stored. Users change intent; hosts report facts; the reconciler closes the gap.
 */
import type {
  HostId,
  ImageId,
  InstanceId,
  IdOf,
  NetworkInterfaceId,
  SubnetId,
  VpcId,
} from './ids.ts'
import type { Architecture, MachineObservation, MachinePin } from './machine.ts'
import type { ResourceNameRecords } from './network.ts'
import type { ResourceBase } from './resource.ts'
import type { UefiVariable } from './uefi.ts'

export type InstanceState =
  | 'pending'
  | 'running'
  | 'stopping'
  | 'stopped'
  | 'shutting-down'
  | 'terminated'

/** EC2's numbers for the states. */
export const INSTANCE_STATE_CODES: Readonly<Record<InstanceState, number>> = {
  pending: 0,
  running: 16,
  'shutting-down': 32,
  terminated: 48,
  stopping: 64,
  stopped: 80,
}

export interface MetadataOptions {
  isEnabled: boolean
  areTokensRequired: boolean
  hopLimit: number
  areTagsEnabled: boolean
}

/** What does not exist here, and was said not to be wanted: shown again. */
export interface Declined {
  capacityReservations?: true
  amdSevSnp?: true
  nestedVirtualization?: true
}

export interface InstanceSpec {
  reservationId: IdOf<'reservation'>
  launchIndex: number
  imageId: ImageId
  instanceType: string
  architecture: Architecture
  vcpus: number
  coresPerSocket: number
  threadsPerCore: number
  memoryMiB: number
  keyName: string | null
  /** The key's OpenSSH line at launch: deleting or replacing the key pair changes nothing for the instance. */
  publicKey: string | null
  vpcId: VpcId
  subnetId: SubnetId
  zone: string
  rootDeviceName: string
  /** See `Image.imageFolder`. */
  imageFolder: string | null
  /** What it boots with, and what its image says; absent: the same. */
  bootMode: 'legacy-bios' | 'uefi'
  imageBootMode?: 'legacy-bios' | 'uefi' | 'uefi-preferred'
  hasTpm?: boolean
  /** What its firmware begins with. */
  uefiVariables?: readonly UefiVariable[] | null
  /** What its TPM begins with, sealed; absent: as a new one. */
  sealedTpmState?: string
  uuid: string
  /** Base64, as it came. */
  userData: string | null
  metadata: MetadataOptions
  shutdownBehavior: 'stop' | 'terminate'
  isTerminationProtected: boolean
  isStopProtected: boolean
  isMonitored: boolean
  isEbsOptimized: boolean
  isHibernationEnabled: boolean
  iamInstanceProfileArn: string | null
  tenancy: 'default' | 'dedicated' | 'host'
  /** Its name. */
  placementGroup: string | null
  /** Within a group of partitions. */
  partitionNumber?: number | null
  privateDnsHostnameType: 'ip-name' | 'resource-name'
  /** Absent in records from before it could be chosen: use `resourceNamesOf`. */
  resourceNames?: ResourceNameRecords
  clientToken: string | null
  cpuCredits: 'standard' | 'unlimited' | null
  autoRecovery: 'default' | 'disabled'
  declined?: Declined
  /** Interfaces in order of device index. */
  interfaceIds: readonly NetworkInterfaceId[]
  primaryMac: string
  launchedAt: number
}

export interface InstanceIntent {
  state: 'running' | 'stopped' | 'terminated'
  isForced: boolean
  /** Stopped with its memory saved. */
  isHibernated?: boolean
  /** Grows when its machine is to begin anew: with another root volume. */
  restartSerial?: number
  rebootSerial: number
  /** Grows with every change of intent, so that a host can tell old from new. */
  serial: number
  /** Who asked, in AWS's words: `User initiated (2026-11-23 08:00:00 GMT)`. */
  reason: string
  reasonCode: string
  reasonMessage: string
  since: number
}

/** A key of EC2 Instance Connect. */
export interface ConnectKey {
  /** Of the guest's users. */
  user: string
  /** Type and base64. */
  line: string
  until: number
  /** Who sent it, and with which request. */
  caller: string
  requestId: string
}

export interface Instance extends ResourceBase<InstanceId> {
  spec: InstanceSpec
  intended: InstanceIntent
  observed: MachineObservation | null
  /** Serial of the intent that `observed` answers: an older observation says nothing of a newer wish. */
  observedSerial: number
  isReachable: boolean
  reachableSince: number | null
  impairedSince: number | null
  hostId: HostId | null
  pinned: MachinePin | null
  /** When everything of a terminated instance was released; it stays visible for an hour. */
  releasedAt: number | null
  /** Some may be over: use `connectKeysOf`. */
  connectKeys?: readonly ConnectKey[]
}

/** What the API says: computed from intent and observation. */
export function instanceStateOf(instance: Instance): InstanceState {
  const seen = instance.observed?.state ?? 'absent'
  switch (instance.intended.state) {
    case 'running':
      return seen === 'running' || seen === 'paused' ? 'running' : 'pending'
    case 'stopped':
      return isProcessGone(instance) ? 'stopped' : 'stopping'
    case 'terminated':
      return instance.releasedAt !== null ? 'terminated' : 'shutting-down'
  }
}

function isProcessGone(instance: Instance): boolean {
  const seen = instance.observed?.state
  return (
    instance.observedSerial >= instance.intended.serial &&
    (seen === 'absent' || seen === 'stopped' || seen === 'crashed')
  )
}

/**
 * Which operations a state allows. Shared by the API, the CLI and the console, so that they cannot disagree.
 * Source: EC2 user guide, "Instance lifecycle".
 */
export const instanceCan = {
  start: ['stopped', 'running', 'pending'],
  stop: ['running', 'pending', 'stopping', 'stopped'],
  reboot: ['running'],
  terminate: ['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated'],
  changeType: ['stopped'],
  changeUserData: ['stopped'],
  change: ['pending', 'running', 'stopping', 'stopped'],
} satisfies Record<string, InstanceState[]>

export type InstanceOperation = keyof typeof instanceCan

export function instanceAllows(instance: Instance, operation: InstanceOperation): boolean {
  return (instanceCan[operation] as InstanceState[]).includes(instanceStateOf(instance))
}

/** Whether nothing is left to do for it: what is seen answers what is wanted. Reconcilers skip settled ones. */
export function instanceIsSettled(instance: Instance): boolean {
  if (instance.releasedAt !== null) return true
  const state = instanceStateOf(instance)
  const isAnswered = instance.observedSerial >= instance.intended.serial
  return isAnswered && (state === 'running' || state === 'stopped')
}

/** Which records the DNS has of the instance's id. */
export function resourceNamesOf({ resourceNames, privateDnsHostnameType }: InstanceSpec) {
  return resourceNames ?? { hasA: privateDnsHostnameType === 'resource-name', hasAaaa: false }
}
