/**
 * A backup: every disk's chunks and pages into packs, then the manifest. The point is there when its manifest is, and
 * that is written last, under a session that nobody fenced; so a point that is there is whole.
 */
import type { VaultCore } from './core.ts'
import { isDamage, readPoint, withSession } from './core.ts'
import { backupDisk, diskWork, type DiskWork } from './disk-backup.ts'
import { VaultError } from './errors.ts'
import {
  BLOB,
  CHUNK_BYTES,
  DESCRIPTION_BYTES_MAX,
  DISK_BYTES_MAX,
  DISKS_MAX,
  LABEL_BYTES_MAX,
  POINT_BYTES_MAX,
  isPointId,
} from './format.ts'
import { encodeManifest, type Manifest, type ManifestDisk } from './manifest.ts'
import { createPace } from './pace.ts'
import { createPackWriter } from './pack-writer.ts'
import { retainManifest, retainPacks } from './retain.ts'
import type { Session } from './session.ts'
import type { BackupOutcome, BackupRequest, WorkOptions } from './vault.ts'

/** What a copy adds to a backup. */
export interface CopyOrigin {
  vaultId: string
  pointId: string
  /** By disk, the pages it is copied from. */
  pages: ReadonlyMap<string, Buffer>
}

export async function backup(
  core: VaultCore,
  request: BackupRequest,
  options: WorkOptions,
  origin: CopyOrigin | null = null,
): Promise<BackupOutcome> {
  check(request)
  return withSession(core, options.signal, async (session, signal) => {
    const there = await readPoint(core, request.pointId, signal)
    if (there !== null) return there.outcome
    if (await core.store.exists(BLOB.pointTombstone(request.pointId), signal)) {
      throw new VaultError(`the point ${request.pointId} was deleted`, { isFinal: true })
    }
    const base = await baseOf(core, request, signal)
    const works: DiskWork[] = []
    for (const { diskId, reader } of request.disks) {
      const baseDisk = base.manifest?.disks.find((disk) => disk.diskId === diskId) ?? null
      works.push(await diskWork(reader, baseDisk, signal))
    }
    const written = await writeDisks(core, { ...options, signal }, session, works)
    const { pages, ...sums } = written
    const outcome: BackupOutcome = { ...sums, fullReason: base.fullReason }
    const disks: ManifestDisk[] = request.disks.map(({ diskId, label, reader }, index) => ({
      diskId,
      label,
      sizeBytes: reader.sizeBytes,
      pages: pages[index]!,
      sourcePages: origin?.pages.get(diskId) ?? null,
    }))
    const { pointId, createdAt, description } = request
    const copiedFrom = origin && { vaultId: origin.vaultId, pointId: origin.pointId }
    const manifest = { pointId, createdAt, description, outcome, copiedFrom, disks }
    const until = request.retainUntil ?? null
    let notRetained = until === null ? null : await retainPacks(core, disks, until, signal)
    await commit(core, session, manifest)
    if (until !== null) notRetained ??= await retainManifest(core, pointId, until, signal)
    return notRetained === null ? outcome : { ...outcome, notRetained }
  })
}

function check({ pointId, description, disks }: BackupRequest): void {
  const refuse = (reason: string): never => {
    throw new VaultError(reason, { isFinal: true })
  }
  if (!isPointId(pointId)) refuse(`not an id of a point: ${pointId}`)
  if (disks.length > DISKS_MAX) refuse(`a point has at most ${DISKS_MAX} disks`)
  if (new Set(disks.map(({ diskId }) => diskId)).size !== disks.length)
    refuse('a disk is named twice')
  if (disks.some(({ reader }) => reader.sizeBytes > DISK_BYTES_MAX)) refuse('a disk is too large')
  const sizeBytes = disks.reduce((sum, { reader }) => sum + reader.sizeBytes, 0)
  // A manifest that nobody could read again would stop every collection of its vault.
  if (sizeBytes > POINT_BYTES_MAX) refuse('the disks are too large together')
  if (disks.some(({ label }) => Buffer.byteLength(label) > LABEL_BYTES_MAX)) {
    refuse(`a disk's label has at most ${LABEL_BYTES_MAX} bytes`)
  }
  if (Buffer.byteLength(JSON.stringify(description)) > DESCRIPTION_BYTES_MAX) {
    refuse(`a description has at most ${DESCRIPTION_BYTES_MAX} bytes`)
  }
}

/** The point to build upon, or why everything is read. */
async function baseOf(
  core: VaultCore,
  { basePointId, disks }: BackupRequest,
  signal: AbortSignal,
): Promise<{ manifest: Manifest | null; fullReason: string | null }> {
  if (basePointId === null) return { manifest: null, fullReason: null }
  const full = (fullReason: string) => ({ manifest: null, fullReason })
  let manifest: Manifest | null
  try {
    manifest = isPointId(basePointId) ? await readPoint(core, basePointId, signal) : null
  } catch (error) {
    if (!isDamage(error)) throw error
    return full(`the recovery point before, ${basePointId}, is damaged`)
  }
  if (manifest === null)
    return full(`the recovery point before, ${basePointId}, is not in the vault`)
  const blind = disks.filter(
    ({ diskId, reader }) =>
      reader.changed === null || !manifest.disks.some((disk) => disk.diskId === diskId),
  )
  if (blind.length === 0) return { manifest, fullReason: null }
  const labels = blind.map(({ label }) => label).join(', ')
  return { manifest, fullReason: `what has changed is not known of: ${labels}` }
}

interface Written {
  pages: Buffer[]
  sizeBytes: number
  readBytes: number
  addedBytes: number
}

async function writeDisks(
  core: VaultCore,
  options: WorkOptions,
  session: Session,
  works: readonly DiskWork[],
): Promise<Written> {
  const { store, keys, catalog } = core
  const { signal, onProgress } = options
  const pace = createPace(options.bandwidthMax)
  const writer = createPackWriter({ store, keys, catalog, sessionId: session.id, pace, signal })
  let doneBytes = 0
  let totalBytes = works.reduce((sum, { read }) => sum + read.count() * CHUNK_BYTES, 0)
  const report = (): void =>
    onProgress?.({ doneBytes: Math.min(doneBytes, totalBytes), totalBytes })
  const onDone = (bytes: number): void => {
    doneBytes += bytes
    report()
  }
  const onMore = (bytes: number): void => void (totalBytes += bytes)
  const written: Written = { pages: [], sizeBytes: 0, readBytes: 0, addedBytes: 0 }
  report()
  try {
    for (const work of works) {
      const needs = { keys, catalog, writer, signal, onDone, onMore }
      const { pages, contentBytes, readBytes } = await backupDisk(needs, work)
      written.pages.push(pages)
      written.sizeBytes += contentBytes
      written.readBytes += readBytes
    }
    await writer.finish()
  } catch (error) {
    await writer.abort()
    throw error
  }
  // The last chunk of a disk may be shorter than it was counted.
  doneBytes = totalBytes
  report()
  return { ...written, addedBytes: writer.addedBytes() }
}

/**
 * First as pending, which a collection heeds from then on; then, if nobody fenced us before that, as the point; and it
 * counts if nobody did until then. A process that ends in between leaves a whole point, or none.
 */
async function commit(core: VaultCore, session: Session, manifest: Manifest): Promise<void> {
  const { store, keys } = core
  const bytes = encodeManifest(keys, manifest)
  const pending = BLOB.pending(manifest.pointId, session.id)
  await store.note(pending, bytes)
  try {
    await session.check()
    await store.write(BLOB.point(manifest.pointId), bytes)
    await session.check()
  } finally {
    await store.discard(pending).catch(() => {})
  }
}
