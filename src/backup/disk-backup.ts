/**
 * One disk into a vault: chunks are read, named, compressed, encrypted and put into packs, some at once; pages are
 * made of their ids. What did not change since a base is taken over from its pages, but only chunks that are in the
 * vault, undamaged as far as anybody knows: any other is read again and written anew, which repairs the base too.
 */
import { chunkBits, chunksTouched, type ChunkBits } from './bitmap.ts'
import type { Catalog } from './catalog.ts'
import { DamagedError, VaultError } from './errors.ts'
import {
  CHUNK_BYTES,
  chunkCount,
  chunkLength,
  ID_BYTES,
  isZero,
  PAGE_CHUNKS,
  pageCount,
} from './format.ts'
import type { VaultKeys } from './keys.ts'
import type { ManifestDisk } from './manifest.ts'
import type { PackWriter } from './pack-writer.ts'
import { decodePage, encodePage, idAt } from './page.ts'
import { createPool } from './pool.ts'
import type { DiskReader } from './vault.ts'

/** Neighbours are read in one go: 1 MiB. */
const CHUNKS_PER_READ = 4
/** Reads under way, with all that follows them: with 1 MiB each, they decide how much memory a backup takes. */
const READS_AT_ONCE = 4

const ZEROS = Buffer.alloc(CHUNK_BYTES)

export interface DiskWork {
  reader: DiskReader
  /** Pages of the base; null: nothing is taken over. */
  basePages: Buffer | null
  /** Chunks that are the base's. What is neither kept nor read is zero. */
  keep: ChunkBits
  read: ChunkBits
}

/** What there is to do, so that progress has a whole. */
export async function diskWork(
  reader: DiskReader,
  base: Pick<ManifestDisk, 'pages' | 'sizeBytes'> | null,
  signal: AbortSignal,
): Promise<DiskWork> {
  const { sizeBytes } = reader
  const chunks = chunkCount(sizeBytes)
  const keep = chunkBits(chunks)
  const read = await chunksTouched(sizeBytes, reader.allocated(signal))
  const isUpon = base !== null && reader.changed !== null
  if (isUpon) {
    const changed = await chunksTouched(sizeBytes, reader.changed!(signal))
    // The last chunk is as long as its disk lets it be: with another size it is another chunk.
    const same =
      sizeBytes === base.sizeBytes
        ? chunks
        : Math.floor(Math.min(sizeBytes, base.sizeBytes) / CHUNK_BYTES)
    keep.setAll(0, same)
    keep.without(changed)
  }
  read.without(keep)
  return { reader, basePages: isUpon ? base.pages : null, keep, read }
}

export interface DiskBackupNeeds {
  keys: VaultKeys
  catalog: Catalog
  writer: PackWriter
  signal: AbortSignal
  /** Bytes of the disk that are done; and bytes that turned out to be to be done as well. */
  onDone(bytes: number): void
  onMore(bytes: number): void
}

export interface DiskBackupResult {
  pages: Buffer
  /** Chunks that are not zero. */
  contentBytes: number
  readBytes: number
}

/** All is given to the writer when it resolves; it is durable when the writer says so. */
export async function backupDisk(
  needs: DiskBackupNeeds,
  work: DiskWork,
): Promise<DiskBackupResult> {
  const { keys, writer, signal } = needs
  const { sizeBytes } = work.reader
  const pages = Buffer.alloc(pageCount(sizeBytes) * ID_BYTES)
  const pool = createPool(READS_AT_ONCE)
  /** What is read into, again and again. */
  const buffers: Uint8Array[] = []
  const result: DiskBackupResult = { pages, contentBytes: 0, readBytes: 0 }
  const finishPage = async (page: number, ids: Buffer): Promise<void> => {
    for (let slot = 0; slot < PAGE_CHUNKS; slot++) {
      if (isZero(idAt(ids, slot))) continue
      result.contentBytes += chunkLength(sizeBytes, page * PAGE_CHUNKS + slot)
    }
    const plain = encodePage(ids)
    if (plain === null) return
    const id = keys.idOf('page', plain)
    id.copy(pages, page * ID_BYTES)
    await writer.put('page', id, plain)
  }
  try {
    for (let page = 0; page < pageCount(sizeBytes); page++) {
      signal.throwIfAborted()
      if (isEmpty(work, page)) continue
      const ids = await takeOver(needs, work, page)
      const reads = readsOf(work.read, sizeBytes, page)
      let left = reads.length
      if (left === 0) await finishPage(page, ids)
      for (const read of reads) {
        await pool.add(async () => {
          const buffer = buffers.pop() ?? new Uint8Array(CHUNKS_PER_READ * CHUNK_BYTES)
          await readChunks(needs, work.reader, read, ids, buffer)
          buffers.push(buffer)
          result.readBytes += read.length
          if (--left === 0) await finishPage(page, ids)
        })
      }
    }
  } finally {
    await pool.drain()
  }
  return result
}

/** Nothing of it is read, and nothing of it is there to be taken over. */
function isEmpty({ read, basePages }: DiskWork, page: number): boolean {
  if (read.hasAny(page * PAGE_CHUNKS, (page + 1) * PAGE_CHUNKS)) return false
  const pageId = basePages === null ? null : idAt(basePages, page)
  return pageId === null || pageId.length === 0 || isZero(pageId)
}

/** The ids of a page as far as they are the base's; chunks that cannot be had are added to those to be read. */
async function takeOver(needs: DiskBackupNeeds, work: DiskWork, page: number): Promise<Buffer> {
  const ids = Buffer.alloc(PAGE_CHUNKS * ID_BYTES)
  const first = page * PAGE_CHUNKS
  const until = Math.min(first + PAGE_CHUNKS, chunkCount(work.reader.sizeBytes))
  const pageId = work.basePages === null ? null : idAt(work.basePages, page)
  // Beyond the end of the base, or all zero in it.
  if (pageId === null || pageId.length === 0 || isZero(pageId)) return ids
  const base = await basePage(needs, pageId)
  for (let index = first; index < until; index++) {
    if (!work.keep.has(index)) continue
    const id = base === null ? null : idAt(base, index - first)
    if (id !== null && isZero(id)) continue
    if (id !== null && needs.catalog.healthy(id) !== null) {
      id.copy(ids, (index - first) * ID_BYTES)
    } else {
      work.read.set(index)
      needs.onMore(chunkLength(work.reader.sizeBytes, index))
    }
  }
  return ids
}

/** Null: it cannot be read, and then nothing of it is taken over. */
async function basePage(needs: DiskBackupNeeds, pageId: Buffer): Promise<Buffer | null> {
  try {
    return decodePage(await needs.catalog.read('page', pageId, needs.signal))
  } catch (error) {
    if (error instanceof DamagedError) return null
    throw error
  }
}

interface ChunkRun {
  /** Index of its first chunk on the disk. */
  first: number
  offset: number
  length: number
}

/** What of a page is to be read, neighbours together. */
function readsOf(read: ChunkBits, sizeBytes: number, page: number): ChunkRun[] {
  const runs: ChunkRun[] = []
  const until = Math.min((page + 1) * PAGE_CHUNKS, chunkCount(sizeBytes))
  for (let first = page * PAGE_CHUNKS; first < until; first++) {
    if (!read.has(first)) continue
    let last = first
    while (last + 1 < until && last + 1 - first < CHUNKS_PER_READ && read.has(last + 1)) last++
    const offset = first * CHUNK_BYTES
    runs.push({ first, offset, length: last * CHUNK_BYTES + chunkLength(sizeBytes, last) - offset })
    first = last
  }
  return runs
}

async function readChunks(
  needs: DiskBackupNeeds,
  reader: DiskReader,
  { first, offset, length }: ChunkRun,
  ids: Buffer,
  buffer: Uint8Array,
): Promise<void> {
  needs.signal.throwIfAborted()
  const bytes = await reader.read(offset, length, needs.signal, buffer.subarray(0, length))
  if (bytes.length !== length)
    throw new VaultError(`the disk gave ${bytes.length} of ${length} bytes`)
  for (let at = 0, index = first; at < length; at += CHUNK_BYTES, index++) {
    const plain = bytes.subarray(at, Math.min(at + CHUNK_BYTES, length))
    if (!isAllZero(plain)) {
      const id = needs.keys.idOf('data', plain)
      id.copy(ids, (index % PAGE_CHUNKS) * ID_BYTES)
      await needs.writer.put('data', id, plain)
    }
    needs.onDone(plain.length)
  }
}

const isAllZero = (bytes: Uint8Array): boolean => ZEROS.subarray(0, bytes.length).equals(bytes)
