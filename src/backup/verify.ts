/**
 * Verification: of a point, by reading everything that a restore of it would read; of a whole vault, by reading every
 * byte of it. What is damaged is named, kept from being built upon, and so written anew by the next backup that has it.
 */
import { eachOf } from './pool.ts'
import { isDamage, manifestIds, readManifest, type VaultCore } from './core.ts'
import { openDecoders, type Decoders } from './decoders.ts'
import { BlobMissingError, DamagedError } from './errors.ts'
import { BLOB, ID_BYTES, isPointId, isZero, PAGE_CHUNKS } from './format.ts'
import type { Manifest } from './manifest.ts'
import { createPace, type Pace } from './pace.ts'
import { names } from './catalog.ts'
import { checkPack } from './verify-pack.ts'
import { decodePage, idAt } from './page.ts'
import { openJson } from './sealed-json.ts'
import type { Verification, WorkOptions } from './vault.ts'

const READS_AT_ONCE = 4
/** A tombstone names every session that was there. */
const SMALL_BYTES_MAX = 1024 * 1024
/** While the last of one is opened, the next is read. */
const PACKS_AT_ONCE = 2

interface Work {
  signal: AbortSignal
  pace: Pace
  result: Verification
  onRead(bytes: number): void
  /** By page id, what is wrong with it or its chunks; null: nothing. Points share most of their pages. */
  pages: Map<string, string | null>
  /** Places that were found to be damaged, as `pack:offset`. */
  bad: Set<string>
}

export async function verify(
  core: VaultCore,
  { pointId }: { pointId: string | null },
  options: WorkOptions,
): Promise<Verification> {
  const { signal, onProgress } = options
  await core.catalog.refresh(signal)
  const sizes = [...core.catalog.sizes.values()]
  const totalBytes = pointId === null ? sizes.reduce((sum, bytes) => sum + bytes, 0) : null
  const result: Verification = { damaged: [], files: [], readBytes: 0 }
  const onRead = (bytes: number): void => {
    result.readBytes += bytes
    onProgress?.({ doneBytes: result.readBytes, totalBytes })
  }
  const pace = createPace(options.bandwidthMax)
  const work: Work = { signal, pace, result, onRead, pages: new Map(), bad: new Set() }
  if (pointId === null) await verifyFiles(core, work)
  const deleted = await names(core.store, 'tombstones/points/', '.json', signal)
  for (const id of pointId === null ? await manifestIds(core, signal) : [pointId]) {
    if (deleted.has(id)) continue
    const reason = await verifyPoint(core, id, pointId === null ? checkPage : readPage, work)
    if (reason !== null) result.damaged.push({ pointId: id, reason })
  }
  return result
}

/** Every pack, byte by byte, and the small files. */
async function verifyFiles(core: VaultCore, work: Work): Promise<void> {
  const decoders = openDecoders()
  try {
    await verifyPacks(core, work, decoders)
  } finally {
    decoders.close()
  }
  for (const folder of ['sessions/', 'beats/', 'tombstones/', 'quarantine/']) {
    for await (const { key, sizeBytes } of core.store.list(folder, work.signal)) {
      if (sizeBytes <= SMALL_BYTES_MAX) await verifySmall(core, key, work)
      else work.result.files.push({ file: key, reason: 'it is larger than such files are' })
    }
  }
  await verifySmall(core, BLOB.format, work)
}

async function verifyPacks(core: VaultCore, work: Work, decoders: Decoders): Promise<void> {
  const { catalog, store, keys } = core
  const { signal, result } = work
  const numbers = new Map(
    catalog.index.packs.flatMap((pack, number) => (pack ? [[pack.packId, number] as const] : [])),
  )
  const packs = [...catalog.sizes].sort()
  await eachOf(packs, PACKS_AT_ONCE, async ([packId, sizeBytes]) => {
    signal.throwIfAborted()
    const file = BLOB.pack(packId)
    const read = async (offset: number, length: number): Promise<Buffer> => {
      await work.pace.take(length, signal)
      return store.readRange(file, offset, length, signal)
    }
    try {
      const pack = { packId, sizeBytes, read }
      const { reasons, badOffsets } = await checkPack(keys, pack, decoders)
      work.onRead(sizeBytes)
      if (reasons.length === 0) await catalog.acquit(packId)
      else await catalog.quarantine(packId, reasons[0]!)
      for (const reason of reasons) result.files.push({ file, reason })
      const number = numbers.get(packId)
      for (const offset of badOffsets) work.bad.add(`${number}:${offset}`)
    } catch (error) {
      if (!(error instanceof BlobMissingError)) throw error
      await catalog.refresh(signal)
      if (catalog.sizes.has(packId)) throw error
    }
  })
}

async function verifySmall(core: VaultCore, key: string, { signal, result }: Work): Promise<void> {
  try {
    openJson(core.keys, key, await core.store.read(key, signal))
  } catch (error) {
    // Ended meanwhile.
    if (error instanceof BlobMissingError && key !== BLOB.format) return
    if (error instanceof BlobMissingError) result.files.push({ file: key, reason: 'not there' })
    else if (isDamage(error)) result.files.push({ file: key, reason: error.reason })
    else throw error
  }
}

type PageCheck = (core: VaultCore, id: Buffer, work: Work) => Promise<string | null>

/** The first thing that is wrong with it; null: all is well. */
async function verifyPoint(
  core: VaultCore,
  pointId: string,
  check: PageCheck,
  work: Work,
): Promise<string | null> {
  let manifest: Manifest | null
  try {
    manifest = isPointId(pointId) ? await readManifest(core, pointId, work.signal) : null
  } catch (error) {
    if (!isDamage(error)) throw error
    work.result.files.push({ file: BLOB.point(pointId), reason: error.reason })
    return error.message
  }
  if (manifest === null) return 'the point is not in the vault'
  let first: string | null = null
  for (const { pages, label } of manifest.disks) {
    for (let index = 0; index * ID_BYTES < pages.length; index++) {
      work.signal.throwIfAborted()
      const id = Buffer.from(idAt(pages, index))
      if (isZero(id)) continue
      const name = id.toString('latin1')
      const known = work.pages.get(name)
      const reason = known === undefined ? await check(core, id, work) : known
      work.pages.set(name, reason)
      if (reason !== null) first ??= `disk ${label}: ${reason}`
    }
  }
  return first
}

/** Packs were read already: what is asked is whether each chunk lies in one, where it is good. */
async function checkPage(core: VaultCore, id: Buffer, work: Work): Promise<string | null> {
  const { catalog } = core
  return unlessDamaged(async () => {
    const ids = decodePage(await catalog.read('page', id, work.signal))
    for (let slot = 0; slot < PAGE_CHUNKS; slot++) {
      const chunk = idAt(ids, slot)
      if (isZero(chunk)) continue
      const places = catalog.index.find(chunk)
      if (places.some(({ pack, offset }) => !work.bad.has(`${pack}:${offset}`))) continue
      const pack = places[0] && catalog.index.packs[places[0].pack]
      const name = `the data ${chunk.toString('hex').slice(0, 16)}`
      if (pack) throw new DamagedError(BLOB.pack(pack.packId), `${name} is not what was written`)
      throw new DamagedError(null, `${name} is in no pack of the vault`)
    }
  })
}

async function readPage(core: VaultCore, id: Buffer, work: Work): Promise<string | null> {
  const { signal } = work
  return unlessDamaged(async () => {
    const ids = decodePage(await core.catalog.read('page', id, signal))
    const slots = Array.from({ length: PAGE_CHUNKS }, (_, slot) => idAt(ids, slot))
    let first: unknown = null
    const chunks = slots.filter((chunk) => !isZero(chunk))
    await eachOf(chunks, READS_AT_ONCE, async (chunk) => {
      try {
        const { length } = await core.catalog.read('data', chunk, signal)
        work.onRead(length)
        await work.pace.take(length, signal)
      } catch (error) {
        if (!isDamage(error)) throw error
        // The others are looked at too: each damaged pack is to be known.
        first ??= error
      }
    })
    if (first) throw first
  })
}

async function unlessDamaged(check: () => Promise<void>): Promise<string | null> {
  try {
    await check()
    return null
  } catch (error) {
    if (isDamage(error)) return error.message
    throw error
  }
}
