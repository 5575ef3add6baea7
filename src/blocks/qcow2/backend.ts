/**
 * Volumes as qcow2 files: `VOLUMES/<volume id>/`. A volume made from an image is an overlay: it costs
 * 400 KiB and the time of one `qemu-img create`, whatever the size of the image. Guarantees: a volume's folder appears
 * whole and durable or not at all (made beside, synced, renamed); its going is one rename.
 * What a volume's files look like is in files.ts, how they are frozen for snapshots in layers.ts.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { invalidValue } from '../../domain/faults.ts'
import type { VolumeId } from '../../domain/ids.ts'
import { assert } from '../../lib/assert.ts'
import { ensureFolder, fsyncFile, fsyncFolder, renameDurable } from '../../lib/fs-durable.ts'
import type { Log } from '../../lib/log.ts'
import { createKeyedMutex } from '../../lib/mutex.ts'
import type { VolumeBackend, VolumeContent, VolumeFile } from '../backend.ts'
import { qemuImg } from '../qemu-img.ts'
import { FIRST_FILE, overlayMake, readHeader, volumeInfo } from './files.ts'
import { createLayers } from './layers.ts'

const GIB = 1024 ** 3
/** Folders being made or removed; what a crash left of them goes at the next start. */
const UNFINISHED = /^\.(?:new|gone)-/

/** One process at a time owns the folder (the daemon's lock): its unfinished business is removed here. */
export async function createQcow2Backend(options: {
  folder: string
  /** Where frozen layers lie; beside the volumes' folder, because a file has a name in both for a moment. */
  layersFolder?: string
  log: Log
}): Promise<VolumeBackend> {
  const { folder, log } = options
  const layersFolder = options.layersFolder ?? join(dirname(folder), 'layers')
  const mutex = createKeyedMutex()
  // Others may pass through, not look: a QEMU that runs as its own user owns the file it is given.
  await ensureFolder(folder, 0o711)
  await ensureFolder(layersFolder, 0o711)
  for (const name of (await readdir(folder)).filter((one) => UNFINISHED.test(one))) {
    log.warn({ name }, 'removing an unfinished volume')
    await rm(join(folder, name), { recursive: true, force: true })
  }
  return {
    layers: createLayers(folder, layersFolder),
    ensure: (content) => mutex.run(content.volumeId, () => volumeEnsure(folder, content)),
    delete: (volumeId) => mutex.run(volumeId, () => volumeDelete(folder, volumeId)),
    list: () => volumeList(folder),
    info: (volumeId) => volumeInfo(folder, volumeId),
    usage: async () => {
      const { bavail, bsize } = await statfs(folder)
      const files = await Promise.all(
        (await volumeList(folder)).map((id) => volumeInfo(folder, id)),
      )
      const usedBytes = files.reduce((sum, file) => sum + (file?.usedBytes ?? 0), 0)
      return { usedBytes, freeBytes: bavail * bsize }
    },
  }
}

async function volumeEnsure(folder: string, content: VolumeContent): Promise<VolumeFile> {
  const sizeBytes = content.sizeGiB * GIB
  const existing = await volumeInfo(folder, content.volumeId)
  if (existing === null) {
    await volumeCreate(folder, content, sizeBytes)
  } else if (existing.sizeBytes < sizeBytes) {
    await qemuImg(['resize', '-q', '-f', 'qcow2', existing.path, String(sizeBytes)])
    await fsyncFile(existing.path)
  } else {
    return existing
  }
  const made = await volumeInfo(folder, content.volumeId)
  assert(made !== null, `volume ${content.volumeId} vanished while it was made`)
  return made
}

async function volumeCreate(
  folder: string,
  { volumeId, sizeGiB, source }: VolumeContent,
  sizeBytes: number,
): Promise<void> {
  assert(sizeBytes > 0, 'a volume without a size')
  if (source) {
    // An absolute path cannot be read as a protocol (`nbd:…`) or a JSON description.
    assert(isAbsolute(source.path), 'the source of a volume needs an absolute path')
    const sourceBytes = await sourceSize(source)
    if (sourceBytes > sizeBytes) {
      throw invalidValue('VolumeSize', sizeGiB, `its image has ${Math.ceil(sourceBytes / GIB)} GiB`)
    }
  }
  const work = join(folder, `.new-${volumeId}-${randomBytes(4).toString('hex')}`)
  await mkdir(work, { mode: 0o711 })
  try {
    await overlayMake(join(work, FIRST_FILE), sizeBytes, source)
    await fsyncFolder(work)
    await renameDurable(work, join(folder, volumeId))
  } catch (error) {
    await rm(work, { recursive: true, force: true })
    throw error
  }
}

async function sourceSize(source: { path: string; format: 'qcow2' | 'raw' }): Promise<number> {
  if (source.format === 'raw') return (await stat(source.path)).size
  return (await readHeader(source.path)).sizeBytes
}

async function volumeDelete(folder: string, volumeId: VolumeId): Promise<void> {
  const gone = join(folder, `.gone-${volumeId}-${randomBytes(4).toString('hex')}`)
  try {
    await renameDurable(join(folder, volumeId), gone)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return
    throw error
  }
  await rm(gone, { recursive: true, force: true })
}

async function volumeList(folder: string): Promise<VolumeId[]> {
  const names = await readdir(folder)
  return names.filter((name) => name.startsWith('vol-')).sort() as VolumeId[]
}
