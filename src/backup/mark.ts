/**
 * Which chunks points need, by walking from every manifest through its pages: one bit for each chunk of a snapshot of
 * the index. What cannot be read ends it with an error, because nobody knows what it would have needed.
 */
import type { VaultCore } from './core.ts'
import { BlobMissingError } from './errors.ts'
import { ID_BYTES, isPointId, isZero, PAGE_CHUNKS } from './format.ts'
import { locationAt, RUN_RECORD_BYTES, type Location, type Run } from './index/run.ts'
import { idOfRecord } from './index/merge.ts'
import { decodeManifest, type Manifest } from './manifest.ts'
import { decodePage, idAt } from './page.ts'

export interface Marks {
  /** Everything that manifests need which are there now and were not looked at yet. `except`: keys of blobs. */
  addRoots(signal: AbortSignal, except?: ReadonlySet<string>): Promise<void>
  /** By the position of an id's first record. */
  has(position: number): boolean
}

export function createMarks(core: VaultCore, run: Run): Marks {
  const bits = new Uint8Array(Math.ceil(run.count / 8))
  const done = new Set<string>()
  /** Pages that are younger than the snapshot. */
  const younger = new Set<string>()
  const mark = (id: Buffer): 'new' | 'known' | 'younger' => {
    const position = run.find(id, [])
    if (position < 0) return 'younger'
    const bit = 1 << (position & 7)
    const isNew = (bits[position >> 3]! & bit) === 0
    bits[position >> 3]! |= bit
    return isNew ? 'new' : 'known'
  }
  const markPage = async (id: Buffer, signal: AbortSignal): Promise<void> => {
    const name = id.toString('latin1')
    const state = mark(id)
    if (state === 'known' || younger.has(name)) return
    const ids = decodePage(await core.catalog.read('page', id, signal))
    for (let slot = 0; slot < PAGE_CHUNKS; slot++) {
      const chunk = idAt(ids, slot)
      if (!isZero(chunk)) mark(chunk)
    }
    if (state === 'younger') younger.add(name)
  }
  const markManifest = async ({ disks }: Manifest, signal: AbortSignal): Promise<void> => {
    for (const { pages } of disks) {
      for (let index = 0; index < pages.length / ID_BYTES; index++) {
        const id = Buffer.from(idAt(pages, index))
        if (!isZero(id)) await markPage(id, signal)
      }
    }
  }
  return {
    addRoots: async (signal, except = new Set()) => {
      for (let isAll = false; !isAll;) {
        isAll = true
        for (const key of await rootKeys(core, signal)) {
          signal.throwIfAborted()
          if (done.has(key) || except.has(key)) continue
          const manifest = await manifestAt(core, key, signal)
          if (manifest) await markManifest(manifest, signal)
          // Of a pending one that is gone, the point may be there since we listed: we look again.
          else if (key.startsWith('pending/')) isAll = false
          done.add(key)
        }
      }
    },
    has: (position) => (bits[position >> 3]! & (1 << (position & 7))) !== 0,
  }
}

/** Null: it is gone. Nobody removes a point's but when nothing that it needs is needed for its sake. */
async function manifestAt(
  core: VaultCore,
  key: string,
  signal: AbortSignal,
): Promise<Manifest | null> {
  const pointId = pointOf(key)!
  try {
    return decodeManifest(core.keys, pointId, await core.store.read(key, signal))
  } catch (error) {
    if (error instanceof BlobMissingError) return null
    throw error
  }
}

/** Null: it is no manifest of ours, and left alone. */
function pointOf(key: string): string | null {
  const name = /^(?:points\/([^~/]+)|pending\/([^~/]+)~[0-9a-f]{16})\.manifest$/.exec(key)
  const pointId = name?.[1] ?? name?.[2] ?? ''
  return isPointId(pointId) ? pointId : null
}

/** Keys of all that is a root: points, deleted ones that are not gone yet, and those about to be. */
async function rootKeys(core: VaultCore, signal: AbortSignal): Promise<string[]> {
  const keys: string[] = []
  // Pending ones first: one that becomes a point meanwhile is met at least once.
  for (const folder of ['pending/', 'points/']) {
    for await (const { key } of core.store.list(folder, signal)) {
      if (pointOf(key) !== null) keys.push(key)
    }
  }
  return keys
}

export interface Group {
  id: Buffer
  isNeeded: boolean
  places: readonly Location[]
}

/** Every chunk of the snapshot with its places, in packs that are not gone. */
export async function* groupsOf(core: VaultCore, run: Run, marks: Marks): AsyncGenerator<Group> {
  const { packs } = core.catalog.index
  let group: { id: Buffer; isNeeded: boolean; places: Location[] } | null = null
  let position = 0
  for await (const block of run.blocks()) {
    for (let at = 0; at < block.length; at += RUN_RECORD_BYTES, position++) {
      const id = idOfRecord(block, at)
      if (!group?.id.equals(id)) {
        if (group && group.places.length > 0) yield group
        group = { id, isNeeded: marks.has(position), places: [] }
      }
      const place = locationAt(block, at)
      if (packs[place.pack]) group.places.push(place)
    }
  }
  if (group && group.places.length > 0) yield group
}

export interface PackNeed {
  packId: string
  sizeBytes: number
  /** Of its chunks, what would be lost with it. */
  neededBytes: number
}

/** By pack. Where a chunk lies in several, the first that is healthy keeps it; where none is, all do. */
export async function needs(core: VaultCore, run: Run, marks: Marks): Promise<PackNeed[]> {
  const { catalog } = core
  const needed = new Map<number, number>()
  for await (const { isNeeded, places } of groupsOf(core, run, marks)) {
    if (!isNeeded) continue
    const keeper = places.find(catalog.isHealthy)
    for (const { pack, length } of keeper ? [keeper] : places) {
      needed.set(pack, (needed.get(pack) ?? 0) + length)
    }
  }
  const found: PackNeed[] = []
  catalog.index.packs.forEach((pack, number) => {
    if (pack) found.push({ ...pack, neededBytes: needed.get(number) ?? 0 })
  })
  return found
}
