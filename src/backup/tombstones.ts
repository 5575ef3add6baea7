/**
 * Tombstones: of points that were deleted and of packs that are to go. What has one is built upon by nobody who begins
 * later; it is removed when everybody who had begun before has ended.
 */
import { isDamage, type VaultCore } from './core.ts'
import { BlobMissingError } from './errors.ts'
import { BLOB, isPointId, nameWithin } from './format.ts'
import { openJson, sealJson } from './sealed-json.ts'

interface Tombstone {
  /** Sessions that were there after it was written; null: nobody has looked yet. */
  waitFor: readonly string[] | null
}

export async function writeTombstone(
  core: VaultCore,
  key: string,
  waitFor: Tombstone['waitFor'],
  signal?: AbortSignal,
): Promise<void> {
  const tombstone: Tombstone = { waitFor }
  await core.store.write(key, sealJson(core.keys, key, tombstone), signal)
}

export async function deletePoint(core: VaultCore, pointId: string): Promise<void> {
  if (!isPointId(pointId) || !(await core.store.exists(BLOB.point(pointId)))) return
  const key = BLOB.pointTombstone(pointId)
  if (await core.store.exists(key)) return
  await writeTombstone(core, key, null)
  // Now, so that a collection need not wait for whoever begins until then.
  await writeTombstone(core, key, [...(await core.sessions.list()).alive])
}

/** Names of tombstones for which no session needs to be waited any more. Those that are new learn whom to wait for. */
export async function ripeTombstones(
  core: VaultCore,
  folder: string,
  ownSessionId: string,
  signal: AbortSignal,
): Promise<string[]> {
  const { store } = core
  const tombstones = new Map<string, Tombstone>()
  for await (const { key } of store.list(folder, signal)) {
    const name = nameWithin(key, folder, '.json')
    // A pack's name could be a point's; other files are left alone.
    if (name !== null && isPointId(name)) {
      tombstones.set(name, await readTombstone(core, key, signal))
    }
  }
  const { alive } = await core.sessions.list(signal)
  // A collection builds upon nothing that has a tombstone.
  alive.delete(ownSessionId)
  const ripe: string[] = []
  for (const [name, { waitFor }] of tombstones) {
    const waiting = waitFor === null ? [...alive] : waitFor.filter((id) => alive.has(id))
    if (waiting.length === 0) ripe.push(name)
    if (waiting.length === 0 || waitFor !== null) continue
    await writeTombstone(core, `${folder}${name}.json`, waiting, signal)
  }
  return ripe
}

/** One that changed on its disk is as good as new: whom to wait for is found out again. */
async function readTombstone(
  core: VaultCore,
  key: string,
  signal: AbortSignal,
): Promise<Tombstone> {
  try {
    return openJson<Tombstone>(core.keys, key, await core.store.read(key, signal))
  } catch (error) {
    if (isDamage(error) || error instanceof BlobMissingError) return { waitFor: null }
    throw error
  }
}
