/** What a launch asks for, in our words: the edge translates RunInstances' parameters into this. */
import type {
  ImageId,
  NetworkInterfaceId,
  SecurityGroupId,
  SubnetId,
  VolumeId,
} from '../../domain/ids.ts'
import type { Image } from '../../domain/image.ts'
import type { InstanceSpec, MetadataOptions } from '../../domain/instance.ts'
import type { ResourceNameRecords } from '../../domain/network.ts'
import type { Ipv6Wish, PlacementWish } from './run-wishes.ts'
import type { Tags } from '../../domain/resource.ts'
import type { VolumeType } from '../../domain/volume-type.ts'

export interface RunRequest {
  imageId: ImageId
  instanceType: string
  minCount: number
  maxCount: number
  clientToken: string | null
  keyName: string | null
  /** Base64, checked to be at most 16 KiB decoded. */
  userData: string | null
  /** At least one; device index 0 first. */
  interfaces: readonly InterfaceRequest[]
  /** Zone wanted when no subnet is named. */
  zone: string | null
  blockDevices: readonly BlockDeviceRequest[]
  /** Of a restore: upon volumes that are there and filled, and as the image says that the machine once had. */
  restored?: Restored
  tags: { instance: Tags; volume: Tags; networkInterface: Tags }
  metadata: MetadataOptions
  /** Absent: in no group. */
  placement?: PlacementWish
  /** null: as the subnet says. */
  hostnameType: InstanceSpec['privateDnsHostnameType'] | null
  /** What is absent: as the subnet says. */
  resourceNames?: Partial<ResourceNameRecords>
  cpu: { coreCount: number; threadsPerCore: number } | null
  options: Pick<
    InstanceSpec,
    | 'shutdownBehavior'
    | 'isTerminationProtected'
    | 'isStopProtected'
    | 'isMonitored'
    | 'isEbsOptimized'
    | 'isHibernationEnabled'
    | 'iamInstanceProfileArn'
    | 'tenancy'
    | 'cpuCredits'
    | 'autoRecovery'
    | 'declined'
  >
}

export interface Restored {
  /** Perhaps no record any more. */
  image: Image
  /** The machine's own copy of what a key pair said; null: as `keyName` says. */
  publicKey: string | null
  volumes: readonly { volumeId: VolumeId; deviceName: string; deleteOnTermination: boolean }[]
  /** What its TPM held, base64; null: it begins with a new one. */
  tpmState: string | null
}

export interface InterfaceRequest {
  deviceIndex: number
  /** An interface that exists already; the rest is then ignored. */
  interfaceId: NetworkInterfaceId | null
  subnetId: SubnetId | null
  groupIds: readonly SecurityGroupId[]
  groupNames: readonly string[]
  privateAddress: string | null
  /** Further private addresses; null: any free one. */
  secondaryAddresses?: readonly (string | null)[]
  /** Absent: as the subnet says. */
  ipv6?: Ipv6Wish
  /** null: as the subnet says. */
  hasPublicAddress: boolean | null
  deleteOnTermination: boolean
  description: string
}

export interface BlockDeviceRequest {
  deviceName: string
  /** Leave out the image's device of this name. */
  isSuppressed: boolean
  snapshotId: string | null
  sizeGiB: number | null
  type: VolumeType | null
  iops: number | null
  throughputMiBps: number | null
  deleteOnTermination: boolean | null
  /** Null: as the snapshot, the image or the account's default has it. */
  isEncrypted: boolean | null
  kmsKeyId?: string | null
}
