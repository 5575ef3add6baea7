/** What a manifest says of an instance: all that a restore needs, so that a vault alone can tell. */
import type { ImageId, NetworkInterfaceId } from '../../../domain/ids.ts'
import type { Image } from '../../../domain/image.ts'
import type { Instance, InstanceSpec } from '../../../domain/instance.ts'
import type { NetworkInterface } from '../../../domain/network.ts'
import type { RecoveryPoint } from '../../../domain/backup/records.ts'
import type { Tags } from '../../../domain/resource.ts'
import type { Volume } from '../../../domain/volume.ts'
import { describeVolume, type DescribedVolume } from './volumes.ts'

export interface DescribedInterface {
  interfaceId: NetworkInterfaceId
  deviceIndex: number
  subnetId: string
  groupIds: readonly string[]
  privateAddresses: readonly string[]
  hasPublicAddress: boolean
  deleteOnTermination: boolean
  description: string
}

export interface DescribedInstance {
  instanceId: string
  /** Without what only one launch had: its addresses, its token, what its TPM began with. */
  spec: Omit<InstanceSpec, 'reservationId' | 'clientToken' | 'launchIndex' | 'sealedTpmState'>
  imageName: string | null
  tags: Tags
  interfaces: readonly DescribedInterface[]
}

export interface InstanceDescription {
  resourceType: 'EC2'
  resourceArn: string
  tags: Tags
  instance: DescribedInstance
  volumes: readonly DescribedVolume[]
}

export function describeInstance(
  instance: Instance,
  interfaces: readonly NetworkInterface[],
  image: Image | undefined,
): DescribedInstance {
  const { reservationId: _id, clientToken: _token, launchIndex: _index, ...rest } = instance.spec
  const { sealedTpmState: _tpm, ...spec } = rest
  return {
    instanceId: instance.id,
    spec,
    imageName: image?.name ?? null,
    tags: instance.tags,
    interfaces: interfaces.map((one) => ({
      interfaceId: one.id,
      deviceIndex: one.attachment?.deviceIndex ?? 0,
      subnetId: one.subnetId,
      groupIds: one.groupIds,
      privateAddresses: one.privateAddresses,
      hasPublicAddress: one.publicAddress !== null,
      deleteOnTermination: one.attachment?.deleteOnTermination ?? true,
      description: one.description,
    })),
  }
}

export function instanceDescriptionOf(point: RecoveryPoint): InstanceDescription {
  return point.description as unknown as InstanceDescription
}

export function describeVolumes(volumes: readonly Volume[]): DescribedVolume[] {
  return volumes.map(describeVolume)
}

/** What the machine was made of, whether or not that is still here. */
export function imageOf(point: RecoveryPoint): Image {
  const { spec, imageName } = instanceDescriptionOf(point).instance
  return {
    id: spec.imageId as ImageId,
    account: point.account,
    region: point.region,
    generation: 0,
    createdAt: point.createdAt,
    tags: {},
    name: imageName ?? point.id,
    description: '',
    ownerAlias: null,
    isPublic: false,
    architecture: spec.architecture,
    platform: null,
    rootDeviceName: spec.rootDeviceName,
    blockDevices: [],
    bootMode: spec.imageBootMode ?? spec.bootMode,
    tpmSupport: spec.hasTpm ? 'v2.0' : null,
    uefiVariables: spec.uefiVariables ?? null,
    imageFolder: spec.imageFolder,
    defaultUser: 'ec2-user',
    imdsSupport: null,
    deregisteredAt: null,
    deprecatedAt: null,
    launchPermissions: [],
    family: '',
  }
}
