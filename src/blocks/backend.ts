/**
 * What keeps the content of volumes on a host. Everything is level-triggered: `ensure` states what must be there and
 * may be repeated, concurrently and after a crash at any line. Implementations: qcow2/ (files in a local folder).
 */
import type { VolumeId } from '../domain/ids.ts'
import type { LayerId } from '../domain/layer.ts'
import type { DiskBacking, VolumeKeys } from '../domain/machine.ts'

export interface VolumeContent {
  volumeId: VolumeId
  sizeGiB: number
  /** A read-only file the volume starts as; it is never copied, and must outlive the volume. Null: zeros. */
  source: { path: string; format: 'qcow2' | 'raw' } | null
  keys?: VolumeKeys | null
  /** The source is copied, because it is encrypted otherwise; it may go then. */
  isCopied?: boolean
}

/** What a machine needs to attach it (see `DiskAttachment`), and what it takes. */
export interface VolumeFile {
  volumeId: VolumeId
  /** Or where it is served to several machines, as domain/nbd-source.ts has it. */
  path: string
  format: 'qcow2' | 'raw'
  sizeBytes: number
  backing: DiskBacking | null
  /** Nothing can be copied into it while a machine runs. */
  hasSubclusters?: boolean
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
  layers: LayerBackend
  /** A file that nobody writes to, with all beneath it and the keys. @throws Error when there is none. */
  content(path: string, keys: VolumeKeys | null): Promise<DiskBacking>
  /** A file and what lies beneath, each with its key. */
  withKeys(file: DiskBacking, keys: VolumeKeys | null): DiskBacking
}

/** A range that was written: with data, or with zeros. */
export interface ContentExtent {
  start: number
  length: number
  /** 0: the topmost file. */
  depth: number
  isData: boolean
}

/** A freeze that has begun: the volume's next file lies ready upon the layer. */
export interface Freeze {
  volumeId: VolumeId
  layerId: LayerId
  /** The volume's file until now, and from now on; the same when it was frozen before. */
  from: string
  to: string
  /** A younger layer lies upon this one already: nothing is left to do. */
  isSuperseded: boolean
}

/**
 * Layers beneath volumes (docs/decisions/0040-snapshots-are-frozen-layers.md). A freeze is begun, then the machine
 * that has the volume open goes over to the new file, then it is finished; `undo` in place of the last two. Between
 * begin and finish, whichever of the two files is opened has the whole content: the new one reads through the other.
 * The caller keeps everybody else from the volume meanwhile.
 */
export interface LayerBackend {
  path(layerId: LayerId): string
  begin(volumeId: VolumeId, layerId: LayerId, key?: string | null): Promise<Freeze>
  finish(freeze: Freeze): Promise<void>
  undo(freeze: Freeze): Promise<void>
  /** What a layer or a volume lies on; null: an image, or nothing. */
  beneath(of: LayerId | VolumeId): Promise<LayerId | null>
  usedBytes(layerId: LayerId): Promise<number>
  list(): Promise<LayerId[]>
  /** Idempotent. The caller makes sure that nothing lies on it. */
  delete(layerId: LayerId): Promise<void>
  /** Copies into the volume what it reads from layers; no machine has it open. Interrupted, it is as before. */
  collapse(volumeId: VolumeId, signal: AbortSignal): Promise<void>
  /**
   * Replaces the layer's file by one with the same content that lies on no layers: what lies on it, and what it holds,
   * stay as they are. Who has the old file open reads on. Interrupted, it is as before. `keys`: of what is encrypted.
   */
  flatten(
    layerId: LayerId,
    keys: Readonly<Record<LayerId, string>>,
    signal: AbortSignal,
  ): Promise<void>
}

/** Paths of the files that some volume is an overlay of, and so must stay. */
export async function filesBeneath(volumes: VolumeBackend): Promise<Set<string>> {
  const paths = new Set<string>()
  const add = (file: DiskBacking | null | undefined): void => {
    for (let next = file; next; next = next.backing) paths.add(next.path)
  }
  for (const id of await volumes.list()) add((await ifWhole(volumes.info(id)))?.backing)
  // What a snapshot holds outlives the volume that it was taken of.
  for (const id of await volumes.layers.list()) {
    add((await ifWhole(volumes.content(volumes.layers.path(id), null)))?.backing)
  }
  return paths
}

/** One of whose files is gone needs none of the others any more, and keeps nobody from what is whole. */
async function ifWhole<T>(read: Promise<T>): Promise<T | null> {
  return read.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null
    throw error
  })
}
