/** Machine images (AMIs) and the snapshots they are made of. */
import type { DataKey } from './kms.ts'
import type { LayerId } from './layer.ts'
import type { ImageId, SnapshotId, VolumeId } from './ids.ts'
import type { Architecture } from './machine.ts'
import type { Recycled } from './rbin.ts'
import type { ResourceBase } from './resource.ts'
import type { SnapshotLock } from './snapshot-lock.ts'
import type { SnapshotTiering } from './snapshot-tier.ts'
import type { UefiVariable } from './uefi.ts'
import type { VolumeType } from './volume-type.ts'

/** Where the bytes of a snapshot lie: a file of an image folder under BRUME_HOME/images, or a frozen layer. */
export type SnapshotSource = { imageFolder: string; file: string } | { layerId: LayerId }

export interface Snapshot extends ResourceBase<SnapshotId> {
  description: string
  sizeGiB: number
  source: SnapshotSource
  volumeId: string
  ownerAlias: string | null
  isPublic: boolean
  /** Deleted, and kept by the Recycle Bin. */
  recycled?: Recycled | null
  /** Not to be deleted until then. */
  lock?: SnapshotLock | null
  /** Absent or null: it was never in the archive. */
  tiering?: SnapshotTiering | null
  /** Zones in which EC2's fast restore is wanted of it, and since when. */
  fastRestores?: Readonly<Record<string, number>>
  /** Accounts that may make volumes of it. */
  sharedWith?: readonly string[]
  /** Absent: completed. `pending` until the host has fixed the point in time. */
  state?: 'pending' | 'completed' | 'error'
  stateMessage?: string | null
  completedAt?: number
  /** Its instance is rebooted for it, and the instant is when it begins anew. */
  isRebooted?: boolean
  /** Snapshots with the same batch show one instant. */
  batch?: string
  /** The image folder whose kernel and firmware the content boots with; null: by its own boot loader. */
  bootFolder?: string | null
  /** Written block by block by its owner, into a file that this id names on its host, until it is completed. */
  staging?: Staging | null
  isEncrypted?: boolean
  encryption?: DataKey | null
  /** Taken for a backup, by its job's id: no user sees it. */
  backupJobId?: string | null
  /** Taken for a copy of its volume, which this is: no user sees it. */
  copyVolumeId?: VolumeId | null
  /** The guest is asked to bring its file systems to rest for it; why they did not, null when they did. */
  isQuiesced?: boolean
  crashReason?: string | null
  copyOf?: { snapshotId: string; region: string } | null
  /** While it is pending: what is being copied into its layer, because that is encrypted otherwise. */
  copiedFrom?: SnapshotSource | null
}

export interface Staging {
  volumeId: VolumeId
  parentLayerId: LayerId | null
  expiresAt: number
  /** All blocks came: nothing is written any more, and what is left is to freeze them. */
  isWhole?: boolean
}

export function snapshotStateOf(snapshot: Snapshot): 'pending' | 'completed' | 'error' {
  return snapshot.state ?? 'completed'
}

/** What the content boots with: see `bootFolder`. */
export function bootFolderOf(snapshot: Snapshot): string | null {
  const { source } = snapshot
  return 'imageFolder' in source ? source.imageFolder : (snapshot.bootFolder ?? null)
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
  /** With `isEncrypted`: another key than the account's default. */
  kmsKeyId?: string | null
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
  /** Folder under BRUME_HOME/images with image.json (domain/image-manifest.ts); null: it boots by its own loader. */
  imageFolder: string | null
  defaultUser: string
  /** A TPM for its machines. */
  tpmSupport?: 'v2.0' | null
  /** What the firmware of its machines begins with: keys of Secure Boot, boot entries. */
  uefiVariables?: readonly UefiVariable[] | null
  imdsSupport: 'v2.0' | null
  deregisteredAt: number | null
  deprecatedAt: number | null
  launchPermissions: readonly string[]
  /** Deregistered, and kept by the Recycle Bin. */
  recycled?: Recycled | null
  /** Absent: available. */
  state?: 'pending' | 'available' | 'failed' | 'disabled'
  stateReason?: string | null
  /** Not to be deregistered until its owner ends the protection. */
  isProtected?: boolean
  sourceInstanceId?: string | null
  sourceImage?: { imageId: string; region: string } | null
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

export function imageStateOf(image: Image): 'pending' | 'available' | 'failed' | 'disabled' {
  return image.state ?? 'available'
}
