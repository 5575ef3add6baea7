/** How a host's own disks are read for a backup and written by a restore: the port of both kinds of hosts. */
import type { DiskReader, DiskWriter, PointDisk, WorkOptions } from '../../backup/vault.ts'
import type { DiskSource } from '../../domain/backup.ts'
import type { VolumeId } from '../../domain/ids.ts'
import type { BackupResult } from '../../domain/backup.ts'
import type { VolumeKeys } from '../../domain/machine.ts'

export type LayerSource = Extract<DiskSource, { type: 'layer' }>

export interface OpenedDisk {
  reader: DiskReader
  /** Why what has changed is not known, though it was asked for; null: it is, or nobody asked. */
  fullReason: string | null
}

export interface TargetVolume {
  volumeId: VolumeId
  sizeGiB: number
  keys: VolumeKeys | null
}

export interface BackupDisks {
  /** Absent: this host cannot let a machine use what is not copied yet. */
  instant?: InstantRestore | undefined
  /** A frozen content. @throws Error when it is not there, or its keys do not open it. */
  open(source: LayerSource, sizeBytes: number, signal: AbortSignal): Promise<OpenedDisk>
  /**
   * A volume that no machine has, made if it is not there, all zeros when `fill` gets it; nobody else gets it
   * meanwhile. What was written is durable after the writer's `finish`.
   */
  write<T>(
    volume: TargetVolume,
    signal: AbortSignal,
    fill: (writer: DiskWriter, sizeBytes: number) => Promise<T>,
  ): Promise<T>
}

export interface InstantRestore {
  /** Resolves when the volume is an ordinary one. `onUsable`: from here on machines may have it. */
  restore(
    volume: TargetVolume,
    disk: PointDisk,
    options: WorkOptions & { onUsable: () => void },
  ): Promise<BackupResult>
}
