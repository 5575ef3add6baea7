/** Machine images (AMIs) and the snapshots they are made of. */
import type { IdOf, ImageId, SnapshotId } from './ids.ts'
import type { Architecture } from './machine.ts'
import type { ResourceBase } from './resource.ts'
import type { VolumeType } from './volume.ts'

/** Where the bytes of a snapshot lie: a file of an image folder under BRUME_HOME/images. */
export interface SnapshotSource {
  imageFolder: string
  file: string
}

export interface Snapshot extends ResourceBase<SnapshotId> {
  description: string
  sizeGiB: number
  source: SnapshotSource
  volumeId: string
  ownerAlias: string | null
  isPublic: boolean
}

export interface BlockDevice {
  deviceName: string
  snapshotId: SnapshotId | null
  sizeGiB: number | null
  type: VolumeType | null
  iops: number | null
  throughputMiBps: number | null
  deleteOnTermination: boolean
  isEncrypted: boolean
}

export interface Image extends ResourceBase<ImageId> {
  name: string
  description: string
  ownerAlias: 'amazon' | null
  isPublic: boolean
  architecture: Architecture
  platform: 'windows' | null
  rootDeviceName: string
  blockDevices: readonly BlockDevice[]
  bootMode: 'legacy-bios' | 'uefi' | 'uefi-preferred'
  /** Folder under BRUME_HOME/images with image.json (domain/image-manifest.ts). */
  imageFolder: string
  defaultUser: string
  imdsSupport: 'v2.0' | null
  deregisteredAt: number | null
  deprecatedAt: number | null
  launchPermissions: readonly string[]
  /** The short name people type: `tiny`, `debian-12`. */
  family: string
  /** Its guest can be frozen (image-manifest.ts, `launchPort`). */
  isFreezable?: boolean
  /** Null or absent: its machines boot. */
  fastLaunch?: FastLaunch | null
}

/** Launching from templates, as EC2's fast launch. Source: EC2 API reference, EnableFastLaunch. */
export interface FastLaunch {
  isWanted: boolean
  state:
    | 'enabling'
    | 'enabling-failed'
    | 'enabled'
    | 'enabled-failed'
    | 'disabling'
    | 'disabling-failed'
  reason: string
  changedAt: number
  /** Kept and shown; a template serves any number of launches. */
  targetResourceCount: number
  maxParallelLaunches: number
}

export type SnapshotIdOf = IdOf<'snapshot'>
