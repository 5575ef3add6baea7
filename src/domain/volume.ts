/** Volumes: what users attach to instances. The bytes are files on a host (blocks). */
import type { InstanceId, SnapshotId, VolumeId } from './ids.ts'
import type { SnapshotSource } from './image.ts'
import type { DataKey } from './kms.ts'
import type { LayerId } from './layer.ts'
import type { ResourceBase } from './resource.ts'
import type { VolumeType } from './volume-type.ts'

export interface VolumeAttachment {
  instanceId: InstanceId
  deviceName: string
  deleteOnTermination: boolean
  attachedAt: number
  /**
   * `busy`: the guest was asked to let go and has not; it is asked again. `replaced`: another root volume has
   * its place, and the machine has not begun anew yet.
   */
  state: 'attaching' | 'attached' | 'detaching' | 'busy' | 'replaced'
}

/** A change of a volume in use. Nothing is optimised here afterwards: it is over when the host has done it. */
export interface VolumeModification {
  state: 'modifying' | 'completed'
  original: VolumeFigures
  target: VolumeFigures
  startedAt: number
  endedAt: number | null
}

export interface VolumeFigures {
  sizeGiB: number
  type: VolumeType
  iops: number | null
  throughputMiBps: number | null
  isMultiAttach?: boolean
}

/** As many instances as can have one volume with Multi-Attach. */
export const MULTI_ATTACH_MAX = 16

export interface Volume extends ResourceBase<VolumeId> {
  zone: string
  sizeGiB: number
  type: VolumeType
  iops: number | null
  throughputMiBps: number | null
  isEncrypted: boolean
  encryption?: DataKey | null
  /** Its content is copied from its source when it is made, because that is encrypted otherwise. */
  isCopied?: boolean
  snapshotId: SnapshotId | null
  /** What its content started as; absent or null: zeros. */
  source?: SnapshotSource | null
  /** The frozen layer that its own file lies on; absent or null: its snapshot's image, or nothing. */
  layerId?: LayerId | null
  /** See `Snapshot.bootFolder`. */
  bootFolder?: string | null
  /** What the users want; `absent` volumes vanish once their file is gone. */
  intended: 'present' | 'absent'
  /** Whether the host has its file. Volumes of a launching instance appear before their file does. */
  isMaterialised: boolean
  /** A restore fills it: it is not there yet for its users. */
  isFilling?: boolean
  attachment: VolumeAttachment | null
  /** Several instances may have it at once: its host serves it to all of them. */
  isMultiAttach?: boolean
  /** Fast restore was on for its snapshot in its zone when it was made: said and no more. */
  isFastRestored?: boolean
  /** Beside `attachment`, when there are several. Their order means nothing: see `volumeAt`. */
  others?: readonly VolumeAttachment[]
  /** What CopyVolumes made it of. Until that is `taken`, there is nothing that its file could be made upon. */
  copyOf?: { volumeId: VolumeId; state: 'waiting' | 'taken' | 'failed' } | null
  /** The last one. */
  modification?: VolumeModification | null
  /** EBS's `AutoEnableIO`: kept and answered; volumes here never have their I/O disabled. */
  isIoAutoEnabled?: boolean
}

export function attachmentsOf({ attachment, others = [] }: Volume): readonly VolumeAttachment[] {
  return attachment ? [attachment, ...others] : others
}

/**
 * As one instance sees it: `attachment` is that instance's, whatever others have it too. The same volume all the same:
 * what is written back loses nothing.
 */
export function volumeAt(volume: Volume, instanceId: string): Volume {
  const others = volume.others ?? []
  const mine = others.find((one) => one.instanceId === instanceId)
  if (!mine || !volume.attachment) return volume
  const rest = others.filter((one) => one !== mine)
  return { ...volume, attachment: mine, others: [volume.attachment, ...rest] }
}

/** With another attachment in the place of `attachment`, or one fewer. */
export function volumeAttached(volume: Volume, attachment: VolumeAttachment | null): Volume {
  const { others = [] } = volume
  if (attachment || others.length === 0) return { ...volume, attachment }
  return { ...volume, attachment: others[0]!, others: others.slice(1) }
}

/** On its way out of a machine: not to be plugged in again. */
export function volumeIsLeaving(volume: Volume): boolean {
  return ['detaching', 'busy', 'replaced'].includes(volume.attachment?.state ?? '')
}

export type VolumeState = 'creating' | 'available' | 'in-use' | 'deleting' | 'error'

export function volumeStateOf(volume: Volume): VolumeState {
  if (volume.intended === 'absent') return 'deleting'
  if (volume.attachment) return 'in-use'
  if (volume.isFilling) return 'creating'
  if (volume.copyOf?.state === 'failed') return 'error'
  return volume.isMaterialised ? 'available' : 'creating'
}

/** Once its host has made its file. */
export function volumeMaterialised(volume: Volume): Volume {
  return { ...volume, isMaterialised: true, ...(volume.isCopied ? { layerId: null } : {}) }
}
