/** ImportSnapshot and ImportImage under way: disks of strangers on their way to snapshots. */
import type { SnapshotId } from './ids.ts'
import type { Architecture } from './machine.ts'
import type { ResourceBase } from './resource.ts'

export interface ImportDisk {
  /** Null: the snapshot is there already. */
  url: string | null
  snapshotId: SnapshotId
  deviceName: string
  description: string
  /** As it was found to be. */
  format: string | null
  state: 'active' | 'completed'
  sizeBytes: number | null
  /** What the host found in it. */
  look?: { firmware: readonly ('bios' | 'uefi')[]; notes: readonly string[] } | null
}

export interface ImportTask extends ResourceBase<string> {
  type: 'snapshot' | 'image'
  description: string
  state: 'active' | 'completed' | 'deleting' | 'deleted'
  statusMessage: string | null
  disks: readonly ImportDisk[]
  /** What the image will be. */
  image: {
    name: string
    architecture: Architecture
    platform: 'windows' | null
    /** Null: as its first disk starts. */
    bootMode: 'legacy-bios' | 'uefi' | 'uefi-preferred' | null
  } | null
  imageId: string | null
}

export type ImportTaskType = ImportTask['type']
const PREFIX: Record<ImportTaskType, string> = { snapshot: 'import-snap', image: 'import-ami' }

export function newImportTaskId(
  type: ImportTaskType,
  random: { bytes(length: number): Uint8Array },
): string {
  return `${PREFIX[type]}-${Buffer.from(random.bytes(9)).toString('hex').slice(0, 17)}`
}

export function isImportTaskId(type: ImportTaskType, text: string): boolean {
  return new RegExp(`^${PREFIX[type]}-(?:[0-9a-f]{8}|[0-9a-f]{17})$`).test(text)
}
