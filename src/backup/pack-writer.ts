/**
 * Writes records into packs for one session. A pack that is full becomes durable while the next one fills. A chunk
 * counts as being in the vault, for this session and others, when its pack is durable and in the catalogue.
 */
import { randomBytes } from 'node:crypto'
import type { Catalog } from './catalog.ts'
import { BLOB, PACK_BYTES, PACK_RECORDS_MAX, type Kind } from './format.ts'
import type { VaultKeys } from './keys.ts'
import type { Pace } from './pace.ts'
import { PACK_HEADER_BYTES, packFooter, packHeader, type PackEntry } from './pack.ts'
import { encode, seal } from './record.ts'
import type { BlobStore, BlobWriter } from './store/blob-store.ts'

/** Packs becoming durable while another one fills. Each may be in memory whole (S3). */
const COMMITS_MAX = 1

export interface PackWriter {
  /** Unless it was given before, or is in the vault where it can be built upon. True: it was written. */
  put(kind: Kind, id: Buffer, plain: Uint8Array): Promise<boolean>
  /** All that was put is durable and can be found. */
  finish(): Promise<void>
  /** What is not durable yet is dropped. */
  abort(): Promise<void>
  addedBytes(): number
}

interface OpenPack {
  packId: string
  key: Buffer
  blob: BlobWriter
  entries: PackEntry[]
  sizeBytes: number
  /** Of what was appended last: records go to the store one after the other, as their offsets say. */
  tail: Promise<void>
}

export interface PackWriterNeeds {
  store: BlobStore
  keys: VaultKeys
  catalog: Catalog
  sessionId: string
  pace: Pace
  signal: AbortSignal
}

export function createPackWriter(needs: PackWriterNeeds): PackWriter {
  const { store, keys, catalog, sessionId, pace, signal } = needs
  let open: Promise<OpenPack> | null = null
  let addedBytes = 0
  let failure: { error: unknown } | null = null
  /** Given to `put`, and not yet to be found in the catalogue. */
  const underway = new Set<string>()
  const commits = new Set<Promise<void>>()

  const begin = async (): Promise<OpenPack> => {
    const packId = `${sessionId}${randomBytes(8).toString('hex')}`
    const blob = await store.create(BLOB.pack(packId), signal)
    await blob.append([packHeader(packId)])
    const key = keys.packKey(Buffer.from(packId, 'hex'))
    const tail = Promise.resolve()
    return { packId, key, blob, entries: [], sizeBytes: PACK_HEADER_BYTES, tail }
  }
  const commit = async (pack: OpenPack): Promise<void> => {
    const footer = packFooter(keys, pack.packId, pack.entries, pack.sizeBytes)
    await pack.tail
    await pack.blob.append([footer])
    await pack.blob.commit()
    addedBytes += footer.length
    await catalog.add(pack.packId, pack.sizeBytes + footer.length, pack.entries)
    for (const { id } of pack.entries) underway.delete(id.toString('latin1'))
  }
  /** In the background; `settle` tells what came of it. */
  const close = async (pack: OpenPack): Promise<void> => {
    while (commits.size >= COMMITS_MAX) await Promise.race(commits)
    const work = commit(pack)
      .catch(async (error: unknown) => {
        failure ??= { error }
        await pack.blob.abort()
      })
      .finally(() => void commits.delete(work))
    commits.add(work)
  }
  const throwIfFailed = (): void => {
    if (failure) throw failure.error
  }
  /** One after the other, so that records follow each other; nothing in here waits but for a new pack. */
  const append = async (kind: Kind, id: Buffer, encoded: Awaited<ReturnType<typeof encode>>) => {
    throwIfFailed()
    const opening = (open ??= begin())
    const pack = await opening
    // Filled by another one while we waited.
    if (open !== opening) return append(kind, id, encoded)
    const parts = seal(pack.key, kind, id, encoded)
    const length = parts.reduce((sum, part) => sum + part.length, 0)
    pack.entries.push({ id, offset: pack.sizeBytes, length })
    pack.sizeBytes += length
    addedBytes += length
    const isFull = pack.sizeBytes >= PACK_BYTES || pack.entries.length >= PACK_RECORDS_MAX
    if (isFull) open = null
    const appended = pack.tail.then(() => pack.blob.append(parts))
    pack.tail = appended
    // Waited for below, also when that takes a while.
    appended.catch(() => {})
    if (isFull) await close(pack)
    await appended
    await pace.take(length, signal)
  }

  return {
    put: async (kind, id, plain) => {
      throwIfFailed()
      const name = id.toString('latin1')
      if (underway.has(name) || catalog.healthy(id) !== null) return false
      underway.add(name)
      await append(kind, id, await encode(kind, plain))
      return true
    },
    finish: async () => {
      throwIfFailed()
      const pack = await open
      open = null
      if (pack) await close(pack)
      await Promise.all(commits)
      throwIfFailed()
    },
    abort: async () => {
      failure ??= { error: new Error('the session was ended') }
      const pack = await open?.catch(() => null)
      open = null
      await pack?.tail.catch(() => {})
      await pack?.blob.abort()
      await Promise.all(commits)
    },
    addedBytes: () => addedBytes,
  }
}
