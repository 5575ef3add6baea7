/**
 * What the engine needs of the place where a vault lies. Blobs are written once, whole, and never changed but by
 * being replaced whole; whoever lists or reads after a write sees it (files do, and so does S3).
 */

export interface BlobInfo {
  key: string
  sizeBytes: number
}

/** A blob that grows: not there at all before `commit` resolves, and then durable. */
export interface BlobWriter {
  /** Takes the parts over: they must not change afterwards. */
  append(parts: readonly Uint8Array[]): Promise<void>
  commit(): Promise<void>
  /** Nothing stays. Idempotent; after `commit` it does nothing. */
  abort(): Promise<void>
}

export interface BlobStore {
  /** In no order; only what is called as blobs are. */
  list(folder: string, signal?: AbortSignal): AsyncIterable<BlobInfo>
  /** @throws BlobMissingError */
  read(key: string, signal?: AbortSignal): Promise<Buffer>
  /** Exactly these bytes. @throws BlobMissingError; DamagedError when the blob ends before. */
  readRange(key: string, offset: number, length: number, signal?: AbortSignal): Promise<Buffer>
  exists(key: string, signal?: AbortSignal): Promise<boolean>
  /** Creates or replaces; durable when it resolves. */
  write(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>
  /** Like `write`, of what need not survive a power cut: seen by all when it resolves. */
  note(key: string, bytes: Uint8Array, signal?: AbortSignal): Promise<void>
  create(key: string, signal?: AbortSignal): Promise<BlobWriter>
  /** Idempotent. @throws BlobRetainedError */
  remove(key: string, signal?: AbortSignal): Promise<void>
  /** Like `remove`, of what may come back after a power cut. */
  discard(key: string, signal?: AbortSignal): Promise<void>
  /** Not to be removed before: only where the place can promise that (S3's Object Lock). @throws NotRetainedError */
  retain: ((key: string, until: number, signal?: AbortSignal) => Promise<void>) | null
  /** What `create` left when its process ended before `commit`, of the blobs that nobody writes any more. */
  removeLeftovers: ((isLeft: (key: string) => boolean) => Promise<void>) | null
  close(): Promise<void>
}

/** A blob of a vault is called so. What is not may be there all the same, and is nobody's business (`list`). */
export const isKey = (text: string): boolean =>
  /^[A-Za-z0-9][\w.~-]*(?:\/[A-Za-z0-9][\w.~-]*)*$/.test(text)

/** Of one list: 128 TiB of packs. A place that does not end its list is not waited for, and takes no memory. */
export const BLOBS_MAX = 4 * 1024 * 1024

/** More is read by range. Nothing that is read whole is larger: manifests, and small files. */
export const BLOB_BYTES_MAX = 512 * 1024 * 1024
