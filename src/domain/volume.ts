/** Volumes: what users attach to instances. The bytes are files on a host (blocks). */
import type { InstanceId, SnapshotId, VolumeId } from './ids.ts'
import type { ResourceBase } from './resource.ts'

export type VolumeType = 'gp2' | 'gp3' | 'io1' | 'io2' | 'st1' | 'sc1' | 'standard'

export interface VolumeAttachment {
  instanceId: InstanceId
  deviceName: string
  deleteOnTermination: boolean
  attachedAt: number
  state: 'attaching' | 'attached' | 'detaching'
}

export interface Volume extends ResourceBase<VolumeId> {
  zone: string
  sizeGiB: number
  type: VolumeType
  iops: number | null
  throughputMiBps: number | null
  isEncrypted: boolean
  snapshotId: SnapshotId | null
  /** What the users want; `absent` volumes vanish once their file is gone. */
  intended: 'present' | 'absent'
  /** Whether the host has its file. Volumes of a launching instance appear before their file does. */
  isMaterialised: boolean
  attachment: VolumeAttachment | null
}

export type VolumeState = 'creating' | 'available' | 'in-use' | 'deleting'

export function volumeStateOf(volume: Volume): VolumeState {
  if (volume.intended === 'absent') return 'deleting'
  if (volume.attachment) return 'in-use'
  return volume.isMaterialised ? 'available' : 'creating'
}
