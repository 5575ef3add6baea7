/**
 * The engine's door: a vault holds recovery points, each a full picture of a machine's disks made of chunks that
 * points share. `openVault` (open-vault.ts) opens one. What lies in a vault, byte by byte: docs/backup-format.md.
 * Nothing here knows AWS, QEMU or a database. What fails is a VaultError (errors.ts), which says whether it is final.
 */
import type { PointOfVault } from '../domain/backup.ts'
import type { Bandwidth } from './pace.ts'

export interface Range {
  /** Bytes. */
  start: number
  length: number
}

/** A disk at one instant, that holds still while it is read. */
export interface DiskReader {
  sizeBytes: number
  /** What may hold other bytes than zeros, ascending, without overlaps. Never leaves out data. */
  allocated(signal: AbortSignal): AsyncIterable<Range>
  /**
   * What may differ from the base point, ascending, without overlaps; never leaves out a change. Null: not known,
   * and then everything is read.
   */
  changed: ((signal: AbortSignal) => AsyncIterable<Range>) | null
  /**
   * Exactly `length` bytes; several reads may be under way at once. `into`, of that length, may be filled and returned
   * instead of other memory: megabytes that are new for every read make the process grow.
   */
  read(offset: number, length: number, signal: AbortSignal, into?: Uint8Array): Promise<Uint8Array>
  close(): Promise<void>
}

/** Where a restore goes. Holds zeros before anything is written. */
export interface DiskWriter {
  /** Parts follow each other. They may be freed when it has resolved. */
  write(offset: number, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void>
  /** Durable when it resolves. */
  finish(): Promise<void>
  close(): Promise<void>
}

export interface BackupRequest {
  pointId: string
  basePointId: string | null
  createdAt: number
  description: Readonly<Record<string, unknown>>
  /** The engine does not close the readers. */
  disks: readonly { diskId: string; label: string; reader: DiskReader }[]
  /**
   * Milliseconds since the epoch until which nothing of the point may be removed by anybody, where the place can
   * promise that (a bucket with Object Lock). Absent or null: none. Elsewhere it has no effect.
   */
  retainUntil?: number | null
}

export interface CopyRequest {
  pointId: string
  newPointId: string
  /** Absent: those of the point that is copied. */
  createdAt?: number
  description?: Readonly<Record<string, unknown>>
  retainUntil?: number | null
}

export interface WorkOptions {
  signal: AbortSignal
  onProgress?: (progress: { doneBytes: number; totalBytes: number | null }) => void
  /** Bytes a second; absent: none. A function is asked again as the work goes on. */
  bandwidthMax?: Bandwidth
}

export interface BackupOutcome {
  sizeBytes: number
  readBytes: number
  addedBytes: number
  /** Why the base was not built upon; null: it was, or there was none. */
  fullReason: string | null
  /** Why the place does not retain the point as it was asked to; absent or null: it does, or nobody asked. */
  notRetained?: string | null
}

/** A disk of a point, read in any order; each chunk is checked as it is read. */
export interface PointDisk {
  sizeBytes: number
  allocated(signal: AbortSignal): AsyncIterable<Range>
  /** @throws DamagedError naming the chunk, and the pack if there is one. */
  read(offset: number, length: number, signal: AbortSignal): Promise<Uint8Array>
  /**
   * For who reads all of it once: in pieces that begin where a chunk does, some at once, in no order, and nothing is
   * kept. The bytes are there until `use` resolves.
   */
  eachPiece?(
    ranges: readonly Range[],
    signal: AbortSignal,
    use: (start: number, bytes: Uint8Array) => Promise<void>,
  ): Promise<void>
  close(): Promise<void>
}

export interface Verification {
  /** Points of which something is damaged or missing, and what. */
  damaged: { pointId: string; reason: string }[]
  /** Files of the vault that are not what was written, whether a point needs them or not. */
  files: { file: string; reason: string }[]
  readBytes: number
}

/** Several jobs may run at once, in this process and in others that have the same vault open. */
export interface Vault {
  /** A point is there whole when it resolves, durable; before, it is not there at all. Repeating one answers it. */
  backup(request: BackupRequest, options: WorkOptions): Promise<BackupOutcome>
  points(): Promise<PointOfVault[]>
  openDisk(pointId: string, diskId: string): Promise<PointDisk>
  /** Into a vault that this process has open. What an earlier copy took there is not read again. */
  copyTo(target: Vault, request: CopyRequest, options: WorkOptions): Promise<BackupOutcome>
  /** Idempotent. Its chunks go with a later `collect`. */
  delete(pointId: string): Promise<void>
  /**
   * What these points need is not to be removed before, where the place can promise that; what was told before is never
   * shortened. A point that is not there, or that cannot be read, keeps nobody from retaining the others.
   */
  retain(
    points: readonly { pointId: string; until: number }[],
    options: WorkOptions,
  ): Promise<{ notRetained: string | null }>
  verify(request: { pointId: string | null }, options: WorkOptions): Promise<Verification>
  collect(options: WorkOptions): Promise<{ freedBytes: number; waitingBytes: number }>
  usage(): Promise<{ storedBytes: number; unneededBytes: number }>
  close(): Promise<void>
}
