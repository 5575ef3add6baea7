/**
 * Opens a vault where it lies: checks that the key is its key, and finds out what is in it. Several may be open at
 * once, of the same vault too, in one process or in many: each of their jobs is a session (session.ts).
 */
import { createHash } from 'node:crypto'
import { join, resolve } from 'node:path'
import type { PointOfVault, VaultLocation, VaultPlace } from '../domain/backup.ts'
import { backup } from './backup.ts'
import { createCatalog, names, readEntries } from './catalog.ts'
import { present } from '../lib/assert.ts'
import { collect, usage } from './collect.ts'
import { copy } from './copy.ts'
import { isDamage, manifestIds, readManifest, readPoint, type VaultCore } from './core.ts'
import { BlobMissingError, VaultError } from './errors.ts'
import { BLOB, FORMAT_VERSION, isPointId, nameWithin } from './format.ts'
import { openChunkIndex } from './index/chunk-index.ts'
import { vaultKeys } from './keys.ts'
import { createPointDisk } from './point-disk.ts'
import { retain } from './retain.ts'
import { sealJson } from './sealed-json.ts'
import { createSessions, type Session } from './session.ts'
import { deletePoint } from './tombstones.ts'
import type { BlobStore } from './store/blob-store.ts'
import { createFolderStore } from './store/folder.ts'
import { verify } from './verify.ts'
import type { Vault } from './vault.ts'

/** Some may be damaged; so many with another key are not. */
const KEY_TRIES_MAX = 20

export interface OpenVaultOptions {
  /** Where relative folders of vaults lie. */
  vaultsFolder: string
  /** For what can be made again from the vault: its index. */
  cacheFolder: string
  /** Of tests: another way to the same place. */
  store?: BlobStore
}

/** Open vaults of this process: whoever opens the same one gets the same. */
const opened = new Map<string, { vault: Promise<Vault>; users: number }>()

export async function openVault(place: VaultPlace, options: OpenVaultOptions): Promise<Vault> {
  if (options.store) return openAlone(place, options, options.store)
  const name = nameOf(JSON.stringify([place, options]))
  const open = async (): Promise<Vault> =>
    openAlone(place, options, await openStore(place.location, options.vaultsFolder))
  const entry = opened.get(name) ?? { vault: open(), users: 0 }
  opened.set(name, entry)
  entry.users++
  let isClosed = false
  const release = async (): Promise<void> => {
    if (isClosed) return
    isClosed = true
    if (--entry.users > 0) return
    opened.delete(name)
    await (await entry.vault).close()
  }
  try {
    const vault = await entry.vault
    return shared(vault, release)
  } catch (error) {
    if (--entry.users === 0 && opened.get(name) === entry) opened.delete(name)
    throw error
  }
}

async function openAlone(
  place: VaultPlace,
  options: OpenVaultOptions,
  store: BlobStore,
): Promise<Vault> {
  const { vaultId } = place
  const keys = vaultKeys(place.key)
  const index = await openChunkIndex(join(options.cacheFolder, nameOf(vaultId)))
  const catalog = createCatalog(store, keys, index)
  const sessions = createSessions(store, keys)
  const core = { vaultId, store, keys, catalog, sessions, retained: new Map<string, number>() }
  try {
    await checkFormat(core)
  } catch (error) {
    await index.close()
    await store.close()
    throw error
  }
  return vaultOf(core)
}

const nameOf = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 16)

/** Where a vault's blobs are; also for the few files that others keep beside them. */
export async function openStore(location: VaultLocation, vaultsFolder: string): Promise<BlobStore> {
  if (location.type === 'folder') return createFolderStore(resolve(vaultsFolder, location.path))
  // The SDK is large: loaded where it is needed.
  const { createS3Store } = await import('./store/s3.ts')
  return createS3Store(location)
}

/** The same vault to another user, who closes only for himself. */
function shared(vault: Vault, release: () => Promise<void>): Vault {
  const mine: Vault = { ...vault, close: release }
  cores.set(mine, coreOf(vault))
  return mine
}

/** What stands behind a vault, for copies between two. */
const cores = new WeakMap<Vault, VaultCore>()
const coreOf = (vault: Vault): VaultCore => present(cores.get(vault), 'a vault of openVault')

function vaultOf(core: VaultCore): Vault {
  const vault = methodsOf(core)
  cores.set(vault, core)
  return vault
}

function methodsOf(core: VaultCore): Vault {
  return {
    backup: (request, options) => backup(core, request, options),
    points: () => points(core),
    openDisk: (pointId, diskId) => openDisk(core, pointId, diskId),
    copyTo: async (target, request, options) => copy(core, coreOf(target), request, options),
    delete: (pointId) => deletePoint(core, pointId),
    retain: (points, options) => retain(core, points, options),
    verify: (request, options) => verify(core, request, options),
    collect: (options) => collect(core, options),
    usage: () => usage(core, new AbortController().signal),
    close: async () => {
      await core.sessions.close()
      await core.catalog.index.close()
      await core.store.close()
    },
  }
}

/**
 * A new vault gets its mark; another key than the vault's is refused before anything is written with it. A mark that is
 * lost or damaged is written again when the key opens what is in the vault.
 */
async function checkFormat(core: VaultCore): Promise<void> {
  const { store, keys, vaultId } = core
  const content = { format: 'brume-backup', version: FORMAT_VERSION, vaultId }
  const mark = sealJson(keys, BLOB.format, content)
  const there = await store.read(BLOB.format).catch((error: unknown) => {
    if (error instanceof BlobMissingError) return null
    throw error
  })
  if (there?.equals(mark)) return
  const isOurs = await isKeyOf(core)
  if (isOurs === false || (isOurs === null && there !== null)) {
    throw new VaultError('this is not the key of the vault', { isFinal: true })
  }
  await store.write(BLOB.format, mark)
}

/** Whether the key opens what is in the vault; null: nothing is. */
async function isKeyOf(core: VaultCore): Promise<boolean | null> {
  let tried = 0
  for (const pointId of await manifestIds(core)) {
    if (tried++ === KEY_TRIES_MAX) return false
    if (await readManifest(core, pointId).catch(() => null)) return true
  }
  for await (const { key, sizeBytes } of core.store.list('packs/')) {
    const packId = nameWithin(key, 'packs/', '.pack')
    if (packId === null) continue
    if (tried++ === KEY_TRIES_MAX) return false
    const { damage } = await readEntries(core.store, core.keys, packId, sizeBytes)
    if (damage === null) return true
  }
  return tried === 0 ? null : false
}

/** Points whose manifest cannot be read are left out here; `verify` names them. */
async function points(core: VaultCore): Promise<PointOfVault[]> {
  const found: PointOfVault[] = []
  const deleted = await names(core.store, 'tombstones/points/', '.json')
  for (const pointId of await manifestIds(core)) {
    if (deleted.has(pointId)) continue
    try {
      const manifest = await readManifest(core, pointId)
      if (manifest === null) continue
      const { createdAt, description } = manifest
      const disks = manifest.disks.map(({ diskId, label, sizeBytes }) => {
        return { diskId, label, sizeBytes }
      })
      found.push({ pointId, createdAt, description, disks })
    } catch (error) {
      if (!isDamage(error)) throw error
    }
  }
  return found
}

async function openDisk(core: VaultCore, pointId: string, diskId: string) {
  const session = await sessionToRead(core)
  // As after work (core.ts): what was read was read, and other disks are to be closed too.
  const end = async (): Promise<void> => session?.end().catch(() => {})
  try {
    const manifest = isPointId(pointId) ? await readPoint(core, pointId) : null
    const disk = manifest?.disks.find((one) => one.diskId === diskId)
    if (!disk) {
      const what = manifest ? `the disk ${diskId} of ` : ''
      throw new VaultError(`${what}the point ${pointId} is not in the vault`, { isFinal: true })
    }
    await core.catalog.refresh()
    return createPointDisk(core, disk, end)
  } catch (error) {
    await end()
    throw error
  }
}

/** Keeps what is read from being removed meanwhile. Null: the vault can only be read, and then nobody removes. */
async function sessionToRead(core: VaultCore): Promise<Session | null> {
  try {
    return await core.sessions.begin()
  } catch {
    return null
  }
}
