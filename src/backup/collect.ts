/**
 * Removes what no point needs. Marks from manifests, never from times of files. A pack that is to go gets a tombstone,
 * which is never taken back: nobody builds upon it any more, and it is removed when every session that was there when
 * the tombstone was written has ended and whatever points need of it lies in a pack without one. So any number of
 * collections may run at once, in any processes, and be killed anywhere (docs/backup-format.md, "Removing").
 */
import { withSession, type VaultCore } from './core.ts'
import { BlobMissingError, BlobRetainedError, DamagedError } from './errors.ts'
import { BLOB, isPointId, nameWithin, PACK_BYTES } from './format.ts'
import type { Run } from './index/run.ts'
import { decodeManifest } from './manifest.ts'
import { createMarks, groupsOf, needs, type Marks, type PackNeed } from './mark.ts'
import { createPace } from './pace.ts'
import { createPackWriter } from './pack-writer.ts'
import type { Session } from './session.ts'
import { ripeTombstones, writeTombstone } from './tombstones.ts'
import type { WorkOptions } from './vault.ts'

/** A pack of which less is needed is written anew: it costs as much to move as it gives back. */
const NEEDED_SHARE_MIN = 0.5
/** A pack from an incremental backup may be small. So many of them become a few large ones. */
const SMALL_BYTES = PACK_BYTES / 4
const SMALL_PACKS_MAX = 64
const SESSION_ID_LENGTH = 16

export function collect(
  core: VaultCore,
  options: WorkOptions,
): Promise<{ freedBytes: number; waitingBytes: number }> {
  return withSession(core, options.signal, async (session, signal) => {
    await fenceDead(core, signal)
    await removePoints(core, session, signal)
    // Before the snapshot: what it does not know is not looked through, and must not be judged.
    const known = new Set(packIds(core))
    const run = await core.catalog.index.snapshot()
    try {
      const { alive } = await core.sessions.list(signal)
      const marks = createMarks(core, run)
      await marks.addRoots(signal)
      const packs = (await needs(core, run, marks)).filter(({ packId }) => known.has(packId))
      await markPacks(core, packs, alive, signal)
      await rescue(core, { run, marks, session }, { ...options, signal })
      return await removePacks(core, { run, marks, session, known }, signal)
    } finally {
      run.close()
    }
  })
}

const packIds = (core: VaultCore): string[] =>
  core.catalog.index.packs.flatMap((pack) => (pack ? [pack.packId] : []))

/**
 * Sessions of processes that are no more. One that came as far as a pending manifest had everything durable: its point
 * is made. Pending manifests are listed before sessions, so that one without a session is of one that has ended.
 */
async function fenceDead(core: VaultCore, signal: AbortSignal): Promise<void> {
  const { store, sessions } = core
  const pending = new Map<string, { key: string; pointId: string }>()
  for await (const { key } of store.list('pending/', signal)) {
    const match = /^pending\/([^~/]+)~([0-9a-f]{16})\.manifest$/.exec(key)
    if (match && isPointId(match[1]!)) pending.set(match[2]!, { key, pointId: match[1]! })
  }
  const { alive, dead } = await sessions.list(signal)
  for (const id of dead) {
    const mine = pending.get(id)
    if (mine) await promote(core, mine, signal)
    await store.remove(BLOB.session(id), signal)
    await store.remove(BLOB.beat(id), signal)
  }
  for (const [id, { key }] of pending) if (!alive.has(id)) await store.remove(key, signal)
  const isLeft = (key: string): boolean => {
    const packId = nameWithin(key, 'packs/', '.pack')
    return packId !== null && !alive.has(packId.slice(0, SESSION_ID_LENGTH))
  }
  await store.removeLeftovers?.(isLeft)
}

async function promote(
  core: VaultCore,
  { key, pointId }: { key: string; pointId: string },
  signal: AbortSignal,
): Promise<void> {
  const { store, keys } = core
  if (await store.exists(BLOB.point(pointId), signal)) return
  if (await store.exists(BLOB.pointTombstone(pointId), signal)) return
  try {
    const bytes = await store.read(key, signal)
    // Not synced when it was written: after a power cut it may be any bytes.
    decodeManifest(keys, pointId, bytes)
    await store.write(BLOB.point(pointId), bytes, signal)
  } catch (error) {
    if (!(error instanceof BlobMissingError || error instanceof DamagedError)) throw error
  }
}

/** Manifests of points that were deleted, when no session is left that may have built upon them. */
async function removePoints(core: VaultCore, session: Session, signal: AbortSignal): Promise<void> {
  const { store } = core
  const ripe = await ripeTombstones(core, 'tombstones/points/', session.id, signal)
  for (const pointId of ripe) {
    if (await isRemoved(store.remove(BLOB.point(pointId), signal))) {
      await store.remove(BLOB.pointTombstone(pointId), signal)
    }
  }
}

/** Tombstones for packs of which nothing is needed, or little; those that are being written are left alone. */
async function markPacks(
  core: VaultCore,
  packs: readonly PackNeed[],
  alive: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<void> {
  const { catalog, retained } = core
  const settled = packs.filter(
    ({ packId }) => !catalog.isTombstoned(packId) && !alive.has(packId.slice(0, SESSION_ID_LENGTH)),
  )
  const isSmall = ({ packId, sizeBytes }: PackNeed): boolean =>
    sizeBytes < SMALL_BYTES && !retained.has(packId)
  const areManySmall = settled.filter(isSmall).length >= SMALL_PACKS_MAX
  for (const pack of settled) {
    const { packId, sizeBytes, neededBytes } = pack
    const isWanted = neededBytes >= sizeBytes * NEEDED_SHARE_MIN && !catalog.isQuarantined(packId)
    if (isWanted && !(areManySmall && isSmall(pack))) continue
    await writeTombstone(core, BLOB.packTombstone(packId), null, signal)
    catalog.tombstone(packId)
  }
}

interface Collection {
  run: Run
  marks: Marks
  session: Session
}

/** What is needed and lies in no pack that stays is written anew. What cannot be read keeps its pack. */
async function rescue(
  core: VaultCore,
  { run, marks, session }: Collection,
  options: WorkOptions,
): Promise<void> {
  const { store, keys, catalog } = core
  const { signal } = options
  const pace = createPace(options.bandwidthMax)
  const writer = createPackWriter({ store, keys, catalog, sessionId: session.id, pace, signal })
  try {
    for await (const { id, isNeeded, places } of groupsOf(core, run, marks)) {
      if (!isNeeded || catalog.healthy(id) !== null) continue
      signal.throwIfAborted()
      for (const place of places) {
        try {
          const { kind, plain } = await catalog.readPlace(id, place, signal)
          await writer.put(kind, Buffer.from(id), plain)
          break
        } catch (error) {
          if (!(error instanceof DamagedError || error instanceof BlobMissingError)) throw error
        }
      }
    }
    await writer.finish()
  } catch (error) {
    await writer.abort()
    throw error
  }
}

async function removePacks(
  core: VaultCore,
  { run, marks, session, known }: Collection & { known: ReadonlySet<string> },
  signal: AbortSignal,
): Promise<{ freedBytes: number; waitingBytes: number }> {
  const { store, catalog } = core
  // In this order: sessions, then manifests; whoever ended before the one is seen in the other.
  const ripe = await ripeTombstones(core, 'tombstones/packs/', session.id, signal)
  await catalog.refresh(signal)
  await marks.addRoots(signal)
  const kept = new Set<number>()
  for await (const { id, isNeeded, places } of groupsOf(core, run, marks)) {
    if (!isNeeded || catalog.healthy(id) !== null) continue
    for (const { pack } of places) kept.add(pack)
  }
  const keptIds = new Set([...kept].map((number) => catalog.index.packs[number]?.packId))
  let freedBytes = 0
  for (const packId of ripe) {
    signal.throwIfAborted()
    const sizeBytes = catalog.sizes.get(packId)
    if (sizeBytes !== undefined && (keptIds.has(packId) || !known.has(packId))) continue
    if (!(await isRemoved(store.remove(BLOB.pack(packId), signal)))) continue
    catalog.removed(packId)
    freedBytes += sizeBytes ?? 0
    await store.remove(BLOB.quarantine(packId), signal)
    // Last: while it is there, nobody takes a pack that was listed a moment ago for one to build upon.
    await store.remove(BLOB.packTombstone(packId), signal)
  }
  let waitingBytes = 0
  for (const [packId, sizeBytes] of catalog.sizes) {
    if (catalog.isTombstoned(packId)) waitingBytes += sizeBytes
  }
  return { freedBytes, waitingBytes }
}

/** False: the place keeps it for now. */
async function isRemoved(removal: Promise<void>): Promise<boolean> {
  try {
    await removal
    return true
  } catch (error) {
    if (error instanceof BlobRetainedError) return false
    throw error
  }
}

/** Bytes that the vault takes, and what of it no point needs. */
export async function usage(
  core: VaultCore,
  signal: AbortSignal,
): Promise<{ storedBytes: number; unneededBytes: number }> {
  await core.catalog.refresh(signal)
  const { alive } = await core.sessions.list(signal)
  let storedBytes = 0
  for await (const { sizeBytes } of core.store.list('points/', signal)) storedBytes += sizeBytes
  let unneededBytes = 0
  const run = await core.catalog.index.snapshot()
  try {
    const marks = createMarks(core, run)
    const deleted = new Set<string>()
    for await (const { key } of core.store.list('tombstones/points/', signal)) {
      deleted.add(BLOB.point(nameWithin(key, 'tombstones/points/', '.json') ?? ''))
    }
    await marks.addRoots(signal, deleted)
    for (const { packId, sizeBytes, neededBytes } of await needs(core, run, marks)) {
      storedBytes += sizeBytes
      if (!alive.has(packId.slice(0, SESSION_ID_LENGTH))) unneededBytes += sizeBytes - neededBytes
    }
  } finally {
    run.close()
  }
  return { storedBytes, unneededBytes }
}
