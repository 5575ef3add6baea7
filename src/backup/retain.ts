/**
 * Points that nobody may remove before a time, where the place can promise that (a bucket with Object Lock): every
 * pack that a point needs, whoever wrote it, and its manifest. A pack keeps the longest that it was told: the place
 * refuses to shorten it, and that is no failure.
 */
import { isDamage, readPoint, withSession, type VaultCore } from './core.ts'
import { BlobMissingError, NotRetainedError } from './errors.ts'
import { BLOB, ID_BYTES, isPointId, isZero, PAGE_CHUNKS } from './format.ts'
import type { ManifestDisk } from './manifest.ts'
import { decodePage, idAt } from './page.ts'
import { eachOf } from './pool.ts'
import type { Vault, WorkOptions } from './vault.ts'

const RETAINS_AT_ONCE = 8

/** Before the point is there. @returns Why the place does not retain; null: it does, or nobody asked. */
export async function retainPacks(
  core: VaultCore,
  disks: readonly Pick<ManifestDisk, 'pages'>[],
  until: number,
  signal: AbortSignal,
): Promise<string | null> {
  const { store, retained } = core
  if (store.retain === null) return null
  const due = [...(await packsOf(core, disks, signal))].filter(
    (packId) => (retained.get(packId) ?? 0) < until,
  )
  return orWhyNot(() =>
    eachOf(due, RETAINS_AT_ONCE, async (packId) => {
      await store.retain!(BLOB.pack(packId), until, signal)
      retained.set(packId, until)
    }),
  )
}

/** Once it is there. */
export async function retainManifest(
  { store }: VaultCore,
  pointId: string,
  until: number,
  signal?: AbortSignal,
): Promise<string | null> {
  return orWhyNot(async () => store.retain?.(BLOB.point(pointId), until, signal))
}

/** Of points that are there already: their vault was locked since, or they are to be kept for longer. */
export function retain(
  core: VaultCore,
  points: Parameters<Vault['retain']>[0],
  options: WorkOptions,
): ReturnType<Vault['retain']> {
  return withSession(core, options.signal, async (_session, signal) => {
    let notRetained: string | null = null
    for (const { pointId, until } of points) {
      signal.throwIfAborted()
      try {
        const point = isPointId(pointId) ? await readPoint(core, pointId, signal) : null
        if (point === null) continue
        notRetained ??= await retainPacks(core, point.disks, until, signal)
        notRetained ??= await retainManifest(core, pointId, until, signal)
      } catch (error) {
        // What of it is damaged is told by a verification, what is gone by nobody any more.
        if (!isDamage(error) && !(error instanceof BlobMissingError)) throw error
      }
      if (notRetained !== null) break
    }
    return { notRetained }
  })
}

/** Where what these disks need lies, to be built upon. */
async function packsOf(
  { catalog }: VaultCore,
  disks: readonly Pick<ManifestDisk, 'pages'>[],
  signal: AbortSignal,
): Promise<Set<string>> {
  const needed = new Set<string>()
  const need = (id: Buffer): void => {
    const place = catalog.healthy(id)
    if (place) needed.add(catalog.index.packs[place.pack]!.packId)
  }
  for (const { pages } of disks) {
    for (let index = 0; index * ID_BYTES < pages.length; index++) {
      const id = Buffer.from(idAt(pages, index))
      if (isZero(id)) continue
      need(id)
      const ids = decodePage(await catalog.read('page', id, signal))
      for (let slot = 0; slot < PAGE_CHUNKS; slot++) {
        if (!isZero(idAt(ids, slot))) need(idAt(ids, slot))
      }
    }
  }
  return needed
}

async function orWhyNot(work: () => Promise<void>): Promise<string | null> {
  try {
    await work()
    return null
  } catch (error) {
    if (error instanceof NotRetainedError) return error.message
    throw error
  }
}
