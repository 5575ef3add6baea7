/**
 * Where each chunk lies: sorted runs in files (run.ts) and the newest entries in memory until they are 32,768. Memory
 * grows by 0.125 bytes a chunk and some hundred bytes a pack, so that it is bounded for any disk.
 * It is a cache of the packs' footers: lost or damaged, it is made again from them. The ids are whole (32 bytes), so
 * that a hit is one; a place that is wrong nevertheless is found out when the record there does not open.
 */
import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { assert } from '../../lib/assert.ts'
import { ensureFolder, readJson, writeFileDurable } from '../../lib/fs-durable.ts'
import { createKeyedMutex } from '../../lib/mutex.ts'
import type { PackEntry } from '../pack.ts'
import { mergeRuns, sortRecords } from './merge.ts'
import {
  createRunWriter,
  encodeRecord,
  openRun,
  RUN_RECORD_BYTES,
  type Location,
  type Run,
  type RunWriter,
} from './run.ts'

const FRESH_MAX = 32 * 1024
const STATE_FILE = 'index.json'
const RUN_NAME = /^[0-9a-f]{16}\.run$/
/** A run is merged with the next younger one unless it is this much larger: few runs, little writing. */
const MERGE_RATIO = 4
const STATE_VERSION = 2

export interface IndexedPack {
  packId: string
  sizeBytes: number
}

interface State {
  version: number
  /** By number; null: gone, its number is never used again. */
  packs: readonly (IndexedPack | null)[]
  runs: readonly { name: string; sha256: string }[]
}

export interface ChunkIndex {
  /** By number; null: gone. Grows by `addPack`. */
  packs: readonly (IndexedPack | null)[]
  find(id: Buffer): Location[]
  addPack(pack: IndexedPack, entries: readonly PackEntry[]): Promise<number>
  removePack(number: number): void
  /** Everything so far in one sorted run that stays as it is until `close`, whatever is added meanwhile. */
  snapshot(): Promise<Run>
  flush(): Promise<void>
  close(): Promise<void>
}

export async function openChunkIndex(folder: string): Promise<ChunkIndex> {
  await ensureFolder(folder)
  const mutex = createKeyedMutex()
  const state = await load(folder)
  const { packs } = state
  /** Oldest, and largest, first. */
  let runs = state.runs
  let fresh = new Map<string, Location | Location[]>()
  /** On their way into a run. */
  let freezing: typeof fresh | null = null
  /** Packs with entries that are in no run yet: named in the state, they would be there without what lies in them. */
  const unwritten = new Set<number>()

  const isKept = (pack: number): boolean => packs[pack] !== null
  const save = (): Promise<void> => {
    const named = runs.map(({ name, sha256 }) => ({ name, sha256 }))
    const written = packs.map((pack, number) => (unwritten.has(number) ? null : pack))
    return writeState(folder, { version: STATE_VERSION, packs: written, runs: named })
  }
  const write = async (fill: (writer: RunWriter) => Promise<void>): Promise<Run> => {
    const name = `${randomBytes(8).toString('hex')}.run`
    const writer = await createRunWriter(join(folder, name))
    try {
      await fill(writer)
      return await openRun(join(folder, name), name, (await writer.finish()).sha256)
    } catch (error) {
      await writer.close().catch(() => {})
      await rm(join(folder, name), { force: true })
      throw error
    }
  }
  const replace = async (from: number, by: Run): Promise<void> => {
    const old = runs.slice(from)
    runs = [...runs.slice(0, from), by]
    await save()
    for (const run of old) {
      run.close()
      await rm(join(folder, run.name), { force: true })
    }
  }
  const mergeLast = async (): Promise<void> => {
    const pair = runs.slice(-2) as [Run, Run]
    await replace(runs.length - 2, await write((writer) => mergeRuns(pair, writer, isKept)))
  }
  const freeze = async (): Promise<void> => {
    const moved = [...unwritten]
    if (fresh.size > 0) {
      freezing = fresh
      fresh = new Map()
      try {
        const records = sortRecords(recordsOf(freezing))
        runs = [...runs, await write((writer) => writer.add(records))]
      } catch (error) {
        // No room for it, say: they stay in memory, and the next time may do.
        fresh = joined(freezing, fresh)
        throw error
      } finally {
        freezing = null
      }
    }
    if (moved.length === 0) return
    for (const number of moved) unwritten.delete(number)
    await save()
  }
  const flush = (): Promise<void> =>
    mutex.run('runs', async () => {
      await freeze()
      while (runs.length > 1 && runs.at(-2)!.count < runs.at(-1)!.count * MERGE_RATIO) {
        await mergeLast()
      }
    })

  return {
    packs,
    find: (id) => {
      const found: Location[] = []
      const key = id.toString('latin1')
      for (const map of [fresh, freezing]) {
        const hit = map?.get(key)
        if (hit) found.push(...(Array.isArray(hit) ? hit : [hit]))
      }
      for (let index = runs.length - 1; index >= 0; index--) runs[index]!.find(id, found)
      return found.filter(({ pack }) => isKept(pack))
    },
    addPack: async (pack, entries) => {
      const number = packs.push(pack) - 1
      unwritten.add(number)
      for (const { id, offset, length } of entries) {
        const key = id.toString('latin1')
        const before = fresh.get(key)
        const place = { pack: number, offset, length }
        fresh.set(key, before ? [before, place].flat() : place)
      }
      if (fresh.size >= FRESH_MAX) await flush()
      return number
    },
    removePack: (number) => void (packs[number] = null),
    snapshot: () =>
      mutex.run('runs', async () => {
        await freeze()
        while (runs.length > 1) await mergeLast()
        if (runs.length === 0) runs = [await write(async () => {})]
        const [run] = runs as [Run]
        return openRun(join(folder, run.name), run.name, run.sha256)
      }),
    flush,
    close: async () => {
      await flush()
      await mutex.run('runs', save)
      for (const run of runs) run.close()
      runs = []
    },
  }
}

function joined(
  older: ReadonlyMap<string, Location | Location[]>,
  younger: ReadonlyMap<string, Location | Location[]>,
): Map<string, Location | Location[]> {
  const all = new Map(older)
  for (const [key, hit] of younger) {
    const before = all.get(key)
    all.set(key, before ? [before, hit].flat() : hit)
  }
  return all
}

function recordsOf(entries: ReadonlyMap<string, Location | Location[]>): Buffer {
  const places = [...entries].flatMap(([key, hit]) => {
    const id = Buffer.from(key, 'latin1')
    return (Array.isArray(hit) ? hit : [hit]).map((place) => ({ id, place }))
  })
  const records = Buffer.allocUnsafe(places.length * RUN_RECORD_BYTES)
  places.forEach(({ id, place }, index) =>
    encodeRecord(records, index * RUN_RECORD_BYTES, id, place),
  )
  return records
}

/** What an earlier process left; nothing of it when anything of it is not as it was written. */
async function load(folder: string): Promise<{ packs: (IndexedPack | null)[]; runs: Run[] }> {
  const runs: Run[] = []
  try {
    const state = await readJson<State>(join(folder, STATE_FILE))
    assert(state?.version === STATE_VERSION, 'no index yet')
    for (const { name, sha256 } of state.runs) {
      runs.push(await openRun(join(folder, name), name, sha256))
    }
    await removeOthers(folder, new Set(runs.map(({ name }) => name)))
    return { packs: [...state.packs], runs }
  } catch {
    for (const run of runs) run.close()
    await removeOthers(folder, new Set())
    return { packs: [], runs: [] }
  }
}

async function removeOthers(folder: string, kept: ReadonlySet<string>): Promise<void> {
  for (const name of await readdir(folder)) {
    if (RUN_NAME.test(name) && !kept.has(name)) await rm(join(folder, name), { force: true })
  }
}

async function writeState(folder: string, state: State): Promise<void> {
  await writeFileDurable(join(folder, STATE_FILE), JSON.stringify(state))
}
