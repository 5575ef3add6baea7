/**
 * A disk of a recovery point, read in any order. Pages and chunks that were read lately stay in memory within limits;
 * who wants the same chunk at the same time waits for one read of it. Each chunk is checked against its id.
 */
import type { VaultCore } from './core.ts'
import { VaultError } from './errors.ts'
import { CHUNK_BYTES, chunkCount, chunkLength, isZero, PAGE_CHUNKS, pageCount } from './format.ts'
import type { ManifestDisk } from './manifest.ts'
import { decodePage, idAt } from './page.ts'
import { eachPiece } from './pieces.ts'
import type { PointDisk, Range } from './vault.ts'

/** 16 MiB of chunks: a guest's scattered reads come back to the same ones. */
const CHUNKS_KEPT = 64
/** 1 MiB: 8 GiB of the disk. */
const PAGES_KEPT = 32

export interface PointDiskReader extends PointDisk {
  /** Id of the chunk; null: zeros. */
  chunkId(index: number): Promise<Buffer | null>
}

export function createPointDisk(
  core: VaultCore,
  disk: ManifestDisk,
  onClose: () => Promise<void>,
): PointDiskReader {
  const { catalog } = core
  const { sizeBytes } = disk
  const signal = new AbortController()
  const pages = createKept<number, Buffer>(PAGES_KEPT)
  const chunks = createKept<number, Buffer>(CHUNKS_KEPT)
  const page = (index: number): Promise<Buffer> =>
    pages.get(index, async () => {
      const id = Buffer.from(idAt(disk.pages, index))
      return decodePage(await catalog.read('page', id, signal.signal))
    })
  const chunkId = async (index: number): Promise<Buffer | null> => {
    const pageIndex = Math.floor(index / PAGE_CHUNKS)
    if (isZero(idAt(disk.pages, pageIndex))) return null
    const id = idAt(await page(pageIndex), index % PAGE_CHUNKS)
    return isZero(id) ? null : id
  }
  const chunk = (index: number, id: Buffer): Promise<Buffer> =>
    chunks.get(index, async () => {
      const plain = await catalog.read('data', id, signal.signal)
      if (plain.length === chunkLength(sizeBytes, index)) return plain
      throw new VaultError('a chunk is of another disk: the page is wrong', { isFinal: true })
    })
  const copyChunk = async (to: Buffer, offset: number, index: number): Promise<void> => {
    const id = await chunkId(index)
    const start = index * CHUNK_BYTES
    const from = Math.max(offset, start)
    const until = Math.min(offset + to.length, start + chunkLength(sizeBytes, index))
    if (id === null) to.fill(0, from - offset, until - offset)
    else (await chunk(index, id)).copy(to, from - offset, from - start, until - start)
  }
  return {
    sizeBytes,
    chunkId,
    allocated: (until) => allocated(disk, page, until),
    read: async (offset, length, until) => {
      if (!(offset >= 0 && length >= 0 && offset + length <= sizeBytes)) {
        throw new VaultError(`outside of the disk: ${offset}+${length}`, { isFinal: true })
      }
      until.throwIfAborted()
      signal.signal.throwIfAborted()
      const bytes = Buffer.allocUnsafe(length)
      const first = Math.floor(offset / CHUNK_BYTES)
      const count = length === 0 ? 0 : Math.ceil((offset + length) / CHUNK_BYTES) - first
      const copies = Array.from({ length: count }, (_, at) => copyChunk(bytes, offset, first + at))
      await Promise.all(copies)
      return bytes
    },
    eachPiece: (ranges, until, use) =>
      eachPiece(
        { catalog, sizeBytes, chunkId },
        ranges,
        AbortSignal.any([until, signal.signal]),
        use,
      ),
    close: async () => {
      signal.abort(new VaultError('the disk was closed'))
      await onClose()
    },
  }
}

/** Neighbours together. */
async function* allocated(
  disk: ManifestDisk,
  page: (index: number) => Promise<Buffer>,
  signal: AbortSignal,
): AsyncGenerator<Range> {
  const { sizeBytes } = disk
  let from = -1
  const range = (until: number): Range => {
    const start = from * CHUNK_BYTES
    return { start, length: Math.min(until * CHUNK_BYTES, sizeBytes) - start }
  }
  for (let index = 0; index < pageCount(sizeBytes); index++) {
    signal.throwIfAborted()
    const first = index * PAGE_CHUNKS
    const ids = isZero(idAt(disk.pages, index)) ? null : await page(index)
    if (ids === null) {
      if (from >= 0) yield range(first)
      from = -1
      continue
    }
    const count = Math.min(PAGE_CHUNKS, chunkCount(sizeBytes) - first)
    for (let slot = 0; slot < count; slot++) {
      const isData = !isZero(idAt(ids, slot))
      if (isData && from < 0) from = first + slot
      if (isData || from < 0) continue
      yield range(first + slot)
      from = -1
    }
  }
  if (from >= 0) yield range(chunkCount(sizeBytes))
}

/** The `max` used last, and what is being fetched; a fetch that failed is forgotten. */
function createKept<K, V>(max: number) {
  const kept = new Map<K, Promise<V>>()
  return {
    get: (key: K, fetch: () => Promise<V>): Promise<V> => {
      const there = kept.get(key)
      kept.delete(key)
      const value = there ?? fetch()
      kept.set(key, value)
      if (!there) value.catch(() => kept.get(key) === value && kept.delete(key))
      if (kept.size > max) kept.delete(kept.keys().next().value!)
      return value
    },
  }
}
