/**
 * What keeps the content of volumes on a host. Everything is level-triggered: `ensure` states what must be there and
 * may be repeated, concurrently and after a crash at any line. Implementations: qcow2/ (files in a local folder).
 */
import type { VolumeId } from '../domain/ids.ts'

export interface VolumeContent {
  volumeId: VolumeId
  sizeGiB: number
  /** A read-only file the volume starts as; it is never copied, and must outlive the volume. Null: zeros. */
  source: { path: string; format: 'qcow2' | 'raw' } | null
}

/** What a machine needs to attach it (see `DiskAttachment`), and what it takes. */
export interface VolumeFile {
  volumeId: VolumeId
  path: string
  format: 'qcow2'
  sizeBytes: number
  backing: { path: string; format: 'qcow2' | 'raw' } | null
  /** Bytes on the host's disk: what was written, not what was promised. */
  usedBytes: number
}

export interface VolumeBackend {
  /**
   * Makes the volume exist with at least this size; an existing one keeps its content and its source.
   * @throws FaultError `InvalidValue` when it would be smaller than its source, ExecError when the disk is full or
   * a machine has it open while it must grow.
   */
  ensure(content: VolumeContent): Promise<VolumeFile>
  /** Idempotent. The caller makes sure that no machine uses it. */
  delete(volumeId: VolumeId): Promise<void>
  list(): Promise<VolumeId[]>
  /** Null when there is no such volume. */
  info(volumeId: VolumeId): Promise<VolumeFile | null>
  /** Of the whole folder. */
  usage(): Promise<{ usedBytes: number; freeBytes: number }>
}

/** Paths of the files that some volume is an overlay of, and so must stay. */
export async function filesBeneath(volumes: VolumeBackend): Promise<Set<string>> {
  const paths = new Set<string>()
  for (const id of await volumes.list()) {
    const file = await volumes.info(id)
    if (file?.backing) paths.add(file.backing.path)
  }
  return paths
}
