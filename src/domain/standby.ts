/**
 * Standbys as the control plane and a host speak of them: machines that were made ahead of their launch, with ids of
 * their own. A launch that fits takes those ids for its records, and so gets that machine. docs/templates.md.
 */
import type { InstanceId, NetworkInterfaceId, VolumeId, VpcId } from './ids.ts'
import type { MachineSpec } from './machine.ts'

/** What a launch must have in common with a standby to be given it. */
export interface StandbyWish {
  imageFolder: string
  /** The disk of the image: of its folder, or the layer that its root snapshot is. */
  file: string
  rootSizeGiB: number
  instanceType: string
  vcpus: number
  coresPerSocket: number
  threadsPerCore: number
  memoryMiB: number
  vpcId: VpcId
}

export interface StandbyNames {
  instanceId: InstanceId
  uuid: string
  rootVolumeId: VolumeId
  interfaceId: NetworkInterfaceId
  mac: string
}

/** One kind, one text: what can stand in for what. */
export function standbyKind(wish: StandbyWish): string {
  const { imageFolder, file, rootSizeGiB, instanceType, vpcId } = wish
  const { vcpus, coresPerSocket, threadsPerCore, memoryMiB } = wish
  const size = [vcpus, coresPerSocket, threadsPerCore, memoryMiB]
  return JSON.stringify([imageFolder, file, rootSizeGiB, instanceType, size, vpcId])
}

/**
 * What a standby for the next machine like this one would be; null: none can be, because it has more than one disk or
 * interface, or something of its own from the start.
 */
export function standbyWishOf(spec: MachineSpec): StandbyWish | null {
  const { vm, vpcId } = spec
  const [root] = spec.disks
  if (spec.disks.length !== 1 || spec.nics.length !== 1) return null
  if (!root?.isRoot || !root.source || root.keys || root.isCopied) return null
  if (spec.firmware?.mode === 'uefi' || vm.hasTpm || vm.gpus || vm.pinned || !spec.launch)
    return null
  const imageFolder = 'imageFolder' in root.source ? root.source.imageFolder : spec.imageFolder
  const file = 'imageFolder' in root.source ? root.source.file : root.source.layerId
  if (imageFolder === null) return null
  const { instanceType, vcpus, coresPerSocket, threadsPerCore, memoryMiB } = vm
  const size = { vcpus, coresPerSocket, threadsPerCore, memoryMiB }
  return { imageFolder, file, rootSizeGiB: root.sizeGiB, instanceType, ...size, vpcId }
}
