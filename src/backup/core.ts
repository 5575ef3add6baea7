/** What the parts of an open vault share. */
import type { Catalog } from './catalog.ts'
import { BlobMissingError, DamagedError } from './errors.ts'
import { BLOB, isPointId, nameWithin } from './format.ts'
import type { VaultKeys } from './keys.ts'
import { decodeManifest, type Manifest } from './manifest.ts'
import type { Session, Sessions } from './session.ts'
import type { BlobStore } from './store/blob-store.ts'

export interface VaultCore {
  vaultId: string
  store: BlobStore
  keys: VaultKeys
  catalog: Catalog
  sessions: Sessions
  /** Until when packs are known to be retained, where the place can do that. */
  retained: Map<string, number>
}

/** Null: there is no such point, or it was deleted. @throws DamagedError */
export async function readPoint(
  core: VaultCore,
  pointId: string,
  signal?: AbortSignal,
): Promise<Manifest | null> {
  if (await core.store.exists(BLOB.pointTombstone(pointId), signal)) return null
  return readManifest(core, pointId, signal)
}

/** Also of one that was deleted and is not gone yet. */
export async function readManifest(
  core: VaultCore,
  pointId: string,
  signal?: AbortSignal,
): Promise<Manifest | null> {
  try {
    return decodeManifest(core.keys, pointId, await core.store.read(BLOB.point(pointId), signal))
  } catch (error) {
    if (error instanceof BlobMissingError) return null
    throw error
  }
}

/** Ids of all manifests, of deleted points too. */
export async function manifestIds(core: VaultCore, signal?: AbortSignal): Promise<string[]> {
  const ids: string[] = []
  for await (const { key } of core.store.list('points/', signal)) {
    const pointId = nameWithin(key, 'points/', '.manifest')
    // Other files are left alone, whatever they are called.
    if (pointId !== null && isPointId(pointId)) ids.push(pointId)
  }
  return ids.sort()
}

/** Work in a session of its own, which is in the vault before anything of the vault is relied upon. */
export async function withSession<T>(
  core: VaultCore,
  signal: AbortSignal,
  work: (session: Session, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted()
  const session = await core.sessions.begin()
  try {
    const both = AbortSignal.any([signal, session.signal])
    await core.catalog.refresh(both)
    return await work(session, both)
  } finally {
    // Left behind by a store that does not answer, it is found dead by the next collection.
    await session.end().catch(() => {})
  }
}

export const isDamage = (error: unknown): error is DamagedError => error instanceof DamagedError
