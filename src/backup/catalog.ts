/**
 * What of a vault this process knows: which packs are there, what lies in them, which of them may be built upon. The
 * truth is the vault itself; `refresh` looks at it, and every job begins with that.
 */
import type { Decoders } from './decoders.ts'
import { BlobMissingError, DamagedError, VaultError } from './errors.ts'
import { BLOB, isPackId, nameWithin, PACK_BYTES_MAX, type Kind } from './format.ts'
import type { ChunkIndex } from './index/chunk-index.ts'
import type { Location } from './index/run.ts'
import type { VaultKeys } from './keys.ts'
import { createKeyedMutex } from '../lib/mutex.ts'
import {
  FOOTER_BYTES_MAX,
  footerLength,
  parseFooter,
  scanRecords,
  TRAILER_BYTES,
  type PackEntry,
} from './pack.ts'
import { eachOf } from './pool.ts'
import { grouped, type Group } from './read-groups.ts'
import { unseal } from './record.ts'
import { sealJson } from './sealed-json.ts'
import type { BlobStore } from './store/blob-store.ts'

/** Footers of most packs are below: one read instead of two. */
const FOOTER_READ_BYTES = 16 * 1024
const READS_AT_ONCE = 8

export interface WantedChunk {
  id: Buffer
  /** Where its content is to go, and how long it is to be. */
  to: { memory: SharedArrayBuffer; offset: number; length: number }
}

export interface Catalog {
  index: ChunkIndex
  /** Sizes by pack id, as of the last refresh and of what this process wrote since. */
  sizes: ReadonlyMap<string, number>
  refresh(signal?: AbortSignal): Promise<void>
  /** A pack that this process made durable. */
  add(packId: string, sizeBytes: number, entries: readonly PackEntry[]): Promise<void>
  removed(packId: string): void
  /** A place to build upon: in a pack that is there, not to be removed, and not known to be damaged. */
  healthy(id: Buffer): Location | null
  /** The content of a chunk, from any place that has it; a place that does not is noted. @throws DamagedError */
  read(kind: Kind, id: Buffer, signal?: AbortSignal): Promise<Buffer>
  /** The contents of many chunks; what lies together in a pack is read in one go. @throws DamagedError */
  readInto(chunks: readonly WantedChunk[], decoders: Decoders, signal: AbortSignal): Promise<void>
  /** What lies at a place, whatever it is. @throws DamagedError unless it is what was written there. */
  readPlace(
    id: Buffer,
    place: Location,
    signal?: AbortSignal,
  ): Promise<{ kind: Kind; plain: Buffer }>
  isHealthy(place: Location): boolean
  /** Never to be built upon again. Durable. */
  quarantine(packId: string, reason: string): Promise<void>
  isQuarantined(packId: string): boolean
  /** Every byte of it was found to be what was written. */
  acquit(packId: string): Promise<void>
  tombstone(packId: string): void
  isTombstoned(packId: string): boolean
}

export function createCatalog(store: BlobStore, keys: VaultKeys, index: ChunkIndex): Catalog {
  /** Of packs that are there. */
  const sizes = new Map<string, number>()
  /** Of packs that are in the index. */
  const numbers = new Map<string, number>()
  index.packs.forEach((pack, number) => pack && numbers.set(pack.packId, number))
  let tombstoned = new Set<string>()
  let quarantined = new Set<string>()
  const packKeys = createPackKeys(keys)
  const mutex = createKeyedMutex()

  const isHealthy = ({ pack }: Location): boolean => {
    const { packId } = index.packs[pack]!
    return sizes.has(packId) && !tombstoned.has(packId) && !quarantined.has(packId)
  }
  const drop = (packId: string): void => {
    const number = numbers.get(packId)
    if (number !== undefined) index.removePack(number)
    numbers.delete(packId)
    sizes.delete(packId)
  }
  const adopt = async (packId: string, sizeBytes: number, signal?: AbortSignal): Promise<void> => {
    const { entries, damage } = await readEntries(store, keys, packId, sizeBytes, signal)
    if (damage !== null) await quarantine(packId, damage)
    sizes.set(packId, sizeBytes)
    if (numbers.has(packId)) return
    numbers.set(packId, await index.addPack({ packId, sizeBytes }, entries))
  }
  const quarantine = async (packId: string, reason: string): Promise<void> => {
    if (quarantined.has(packId)) return
    quarantined.add(packId)
    const key = BLOB.quarantine(packId)
    await store.write(key, sealJson(keys, key, { reason }))
  }
  const refresh = async (signal?: AbortSignal): Promise<void> => {
    // Tombstones before packs: one that is not there any more was removed after its pack (docs/backup-format.md).
    // What we add ourselves while we list may not be in a list.
    const known = { tombstoned: new Set(tombstoned), quarantined: new Set(quarantined) }
    const listed = await names(store, 'tombstones/packs/', '.json', signal)
    tombstoned = listed.union(tombstoned.difference(known.tombstoned))
    const damaged = await names(store, 'quarantine/', '.json', signal)
    quarantined = damaged.union(quarantined.difference(known.quarantined))
    const before = [...numbers.keys()]
    const there = new Map<string, number>()
    for await (const { key, sizeBytes } of store.list('packs/', signal)) {
      const packId = nameWithin(key, 'packs/', '.pack')
      if (packId !== null && isPackId(packId)) there.set(packId, sizeBytes)
    }
    for (const packId of before) if (!there.has(packId)) drop(packId)
    const unknown = [...there].filter(([packId]) => !numbers.has(packId))
    for (const [packId, sizeBytes] of there) {
      const number = numbers.get(packId)
      if (number === undefined) continue
      sizes.set(packId, sizeBytes)
      if (index.packs[number]!.sizeBytes !== sizeBytes) {
        await quarantine(packId, 'the pack has not its length')
      }
    }
    await eachOf(unknown, READS_AT_ONCE, async ([packId, sizeBytes]) => {
      try {
        await adopt(packId, sizeBytes, signal)
      } catch (error) {
        // Removed since it was listed.
        if (!(error instanceof BlobMissingError)) throw error
      }
    })
  }
  const readPlace = async (
    id: Buffer,
    place: Location,
    signal?: AbortSignal,
  ): Promise<{ kind: Kind; plain: Buffer }> => {
    const { packId } = index.packs[place.pack]!
    const file = BLOB.pack(packId)
    const bytes = await store.readRange(file, place.offset, place.length, signal)
    const { header, plain } = await unseal(packKeys(packId), bytes, { id, file })
    if (keys.idOf(header.kind, plain).equals(id)) return { kind: header.kind, plain }
    throw new DamagedError(file, 'a chunk has not its id')
  }
  const readAny = async (kind: Kind, id: Buffer, signal?: AbortSignal): Promise<Buffer> => {
    const places = index.find(id)
    places.sort((a, b) => Number(isHealthy(b)) - Number(isHealthy(a)))
    const name = id.toString('hex').slice(0, 16)
    let failure: Error = new DamagedError(null, `the ${kind} ${name} is in no pack of the vault`)
    for (const place of places) {
      const { packId } = index.packs[place.pack]!
      try {
        return (await readPlace(id, place, signal)).plain
      } catch (error) {
        if (error instanceof BlobMissingError) {
          drop(packId)
          failure = new DamagedError(error.key, 'the pack is not there', error)
        } else if (error instanceof DamagedError) {
          await quarantine(packId, error.reason)
          failure = error
        } else throw error
      }
    }
    throw failure
  }

  const read: Catalog['read'] = async (kind, id, signal) => {
    try {
      return await readAny(kind, id, signal)
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error
      // Another process may have moved it since we looked.
      await mutex.run('refresh', () => refresh(signal))
      return await readAny(kind, id, signal)
    }
  }
  const readInto: Catalog['readInto'] = async (chunks, decoders, signal) => {
    const one = async ({ id, to }: WantedChunk): Promise<void> => {
      const plain = await read('data', id, signal)
      if (plain.length !== to.length) {
        throw new VaultError('a chunk is of another disk: the page is wrong', { isFinal: true })
      }
      new Uint8Array(to.memory, to.offset, to.length).set(plain)
    }
    const places = chunks.map(({ id }) => index.find(id).find(isHealthy) ?? null)
    const { groups, rest } = grouped(places)
    const group = async ({ pack, start, end, items }: Group): Promise<void> => {
      const { packId } = index.packs[pack]!
      const file = BLOB.pack(packId)
      const wanted = items.map(({ at }) => chunks[at]!)
      const bytes = await store.readRange(file, start, end - start, signal).catch(() => null)
      const ids = Buffer.concat(wanted.map(({ id }) => id))
      const records = items.map(({ place }, at) => {
        return { at: place.offset - start, length: place.length, to: wanted[at]!.to }
      })
      const key = { packKey: packKeys(packId), idKey: keys.idKey }
      const reasons = bytes && (await decoders.decode({ file, ...key, ids, records, bytes }))
      // What went wrong, and whether another place has it, is found out by itself.
      const left = wanted.filter((_, at) => reasons?.[at] !== null)
      await Promise.all(left.map(one))
    }
    await Promise.all([...groups.map(group), ...rest.map((at) => one(chunks[at]!))])
  }

  return {
    index,
    sizes,
    refresh: (signal) => mutex.run('refresh', () => refresh(signal)),
    add: async (packId, sizeBytes, entries) => {
      sizes.set(packId, sizeBytes)
      numbers.set(packId, await index.addPack({ packId, sizeBytes }, entries))
    },
    removed: drop,
    readPlace,
    isHealthy,
    healthy: (id) => index.find(id).find(isHealthy) ?? null,
    read,
    readInto,
    quarantine,
    isQuarantined: (packId) => quarantined.has(packId),
    acquit: async (packId) => {
      if (quarantined.delete(packId)) await store.remove(BLOB.quarantine(packId))
    },
    tombstone: (packId) => void tombstoned.add(packId),
    isTombstoned: (packId) => tombstoned.has(packId),
  }
}

/** What lies in a pack, from its footer; from its records one by one when the footer is damaged, and then `damage`. */
export async function readEntries(
  store: BlobStore,
  keys: VaultKeys,
  packId: string,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<{ entries: PackEntry[]; damage: string | null }> {
  const file = BLOB.pack(packId)
  if (sizeBytes > PACK_BYTES_MAX) return { entries: [], damage: 'it is larger than packs are' }
  const readEnd = (length: number): Promise<Buffer> =>
    store.readRange(file, sizeBytes - length, length, signal)
  try {
    let end = await readEnd(Math.min(sizeBytes, FOOTER_READ_BYTES))
    const length = footerLength(packId, end.subarray(-TRAILER_BYTES))
    if (length > Math.min(sizeBytes, FOOTER_BYTES_MAX)) {
      throw new DamagedError(file, 'the footer is not what was written')
    }
    if (length > end.length) end = await readEnd(length)
    return { entries: parseFooter(keys, packId, end.subarray(-length), sizeBytes), damage: null }
  } catch (error) {
    if (!(error instanceof DamagedError)) throw error
    return { entries: await salvage(store, keys, packId, signal), damage: error.reason }
  }
}

/** The records of a pack that open, whatever became of its footer. */
async function salvage(
  store: BlobStore,
  keys: VaultKeys,
  packId: string,
  signal?: AbortSignal,
): Promise<PackEntry[]> {
  const file = BLOB.pack(packId)
  const pack = await store.read(file, signal)
  const key = keys.packKey(Buffer.from(packId, 'hex'))
  const good: PackEntry[] = []
  for (const entry of scanRecords(pack)) {
    const bytes = pack.subarray(entry.offset, entry.offset + entry.length)
    try {
      await unseal(key, bytes, { id: entry.id, file })
      good.push(entry)
    } catch (error) {
      if (!(error instanceof DamagedError)) throw error
    }
  }
  return good
}

export async function names(
  store: BlobStore,
  folder: string,
  suffix: string,
  signal?: AbortSignal,
): Promise<Set<string>> {
  const found = new Set<string>()
  for await (const { key } of store.list(folder, signal)) {
    const name = nameWithin(key, folder, suffix)
    if (name !== null) found.add(name)
  }
  return found
}

const PACK_KEYS_MAX = 1024

function createPackKeys(keys: VaultKeys): (packId: string) => Buffer {
  const known = new Map<string, Buffer>()
  return (packId) => {
    let key = known.get(packId)
    if (key) return key
    key = keys.packKey(Buffer.from(packId, 'hex'))
    if (known.size >= PACK_KEYS_MAX) known.delete(known.keys().next().value!)
    known.set(packId, key)
    return key
  }
}
