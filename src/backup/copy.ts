/**
 * A point into another vault, under that vault's key: a backup whose disk is the point. The copy keeps the ids of the
 * pages it was made from, so that the next copy reads only what differs from them.
 */
import { backup, type CopyOrigin } from './backup.ts'
import { isDamage, manifestIds, readPoint, type VaultCore } from './core.ts'
import { VaultError } from './errors.ts'
import {
  CHUNK_BYTES,
  chunkCount,
  ID_BYTES,
  isPointId,
  isZero,
  PAGE_CHUNKS,
  pageCount,
} from './format.ts'
import type { Manifest, ManifestDisk } from './manifest.ts'
import { decodePage, idAt } from './page.ts'
import { createPointDisk } from './point-disk.ts'
import type { BackupOutcome, CopyRequest, DiskReader, Range, WorkOptions } from './vault.ts'

export async function copy(
  from: VaultCore,
  to: VaultCore,
  request: CopyRequest,
  options: WorkOptions,
): Promise<BackupOutcome> {
  const { signal } = options
  const there = await readPoint(to, request.newPointId, signal)
  if (there !== null) return there.outcome
  // Of the vault that is read: what the copy reads stays there until it ends.
  const session = await from.sessions.begin()
  try {
    await from.catalog.refresh(signal)
    const isThere = isPointId(request.pointId)
    const source = isThere ? await readPoint(from, request.pointId, signal) : null
    if (source === null) {
      throw new VaultError(`the point ${request.pointId} is not in the vault`, { isFinal: true })
    }
    const base = await baseOf(from.vaultId, to, source, signal)
    const disks = source.disks.map((disk) => {
      const before = base?.disks.find(({ diskId }) => diskId === disk.diskId)
      return { diskId: disk.diskId, label: disk.label, reader: readerOf(from, disk, before) }
    })
    const pages = new Map(source.disks.map((disk) => [disk.diskId, disk.pages]))
    const origin: CopyOrigin = { vaultId: from.vaultId, pointId: source.pointId, pages }
    const asked = {
      pointId: request.newPointId,
      basePointId: base?.pointId ?? null,
      createdAt: request.createdAt ?? source.createdAt,
      description: request.description ?? source.description,
      retainUntil: request.retainUntil ?? null,
      disks,
    }
    return await backup(to, asked, options, origin)
  } finally {
    await session.end().catch(() => {})
  }
}

/** The youngest copy of this machine's disks from the same vault. */
async function baseOf(
  fromVaultId: string,
  to: VaultCore,
  source: Manifest,
  signal: AbortSignal,
): Promise<Manifest | null> {
  let best: Manifest | null = null
  for (const pointId of await manifestIds(to, signal)) {
    let manifest: Manifest | null
    try {
      manifest = await readPoint(to, pointId, signal)
    } catch (error) {
      if (isDamage(error)) continue
      throw error
    }
    if (manifest?.copiedFrom?.vaultId !== fromVaultId) continue
    const copied = new Set(manifest.disks.map(({ diskId }) => diskId))
    if (!source.disks.every(({ diskId }) => copied.has(diskId))) continue
    if (best === null || manifest.createdAt > best.createdAt) best = manifest
  }
  return best
}

function readerOf(from: VaultCore, disk: ManifestDisk, before?: ManifestDisk): DiskReader {
  const reader = createPointDisk(from, disk, async () => {})
  const { sourcePages } = before ?? {}
  return {
    ...reader,
    changed: sourcePages ? (signal) => differences(from, disk, sourcePages, signal) : null,
  }
}

/** Where a disk differs from the pages of an earlier one, in the same vault. Pages that are gone differ as a whole. */
async function* differences(
  from: VaultCore,
  disk: ManifestDisk,
  before: Buffer,
  signal: AbortSignal,
): AsyncGenerator<Range> {
  const { pages, sizeBytes } = disk
  for (let index = 0; index < pageCount(sizeBytes); index++) {
    signal.throwIfAborted()
    const [now, then] = [pages, before].map((all) => Buffer.from(idAt(all, index)))
    if (then!.length === ID_BYTES && now!.equals(then!)) continue
    const slots = [await pageOf(from, now!, signal), await pageOf(from, then!, signal)] as const
    const count = Math.min(PAGE_CHUNKS, chunkCount(sizeBytes) - index * PAGE_CHUNKS)
    for (let slot = 0; slot < count; slot++) {
      const [one, other] = slots.map((ids) => ids && idAt(ids, slot))
      if (one && other && one.equals(other)) continue
      const start = (index * PAGE_CHUNKS + slot) * CHUNK_BYTES
      yield { start, length: Math.min(CHUNK_BYTES, sizeBytes - start) }
    }
  }
}

/** Null: it cannot be read, or was never there. */
async function pageOf(from: VaultCore, id: Buffer, signal: AbortSignal): Promise<Buffer | null> {
  if (id.length < ID_BYTES) return null
  if (isZero(id)) return Buffer.alloc(PAGE_CHUNKS * ID_BYTES)
  try {
    return decodePage(await from.catalog.read('page', id, signal))
  } catch (error) {
    if (isDamage(error)) return null
    throw error
  }
}
