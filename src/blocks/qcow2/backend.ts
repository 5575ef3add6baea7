/**
 * Volumes as qcow2 files: `VOLUMES/<volume id>/`. A volume made from an image is an overlay: it costs
 * some KiB and milliseconds, whatever the size of the image. Guarantees: a volume's folder appears
 * whole and durable or not at all (made beside, synced, renamed); its going is one rename.
 * What a volume's files look like is in files.ts, how they are frozen for snapshots in layers.ts.
 */
import { randomBytes } from 'node:crypto'
import { mkdir, readdir, rm, stat, statfs } from 'node:fs/promises'
import { dirname, isAbsolute, join } from 'node:path'
import { invalidValue } from '../../domain/faults.ts'
import type { VolumeId } from '../../domain/ids.ts'
import type { DiskBacking, VolumeKeys } from '../../domain/machine.ts'
import { assert } from '../../lib/assert.ts'
import { ensureFolder, fsyncFile, fsyncFolder, renameDurable } from '../../lib/fs-durable.ts'
import type { Log } from '../../lib/log.ts'
import { createKeyedMutex } from '../../lib/mutex.ts'
import { secretName } from '../../lib/secret-files.ts'
import type { VolumeBackend, VolumeContent, VolumeFile } from '../backend.ts'
import { diskName, keysOf, qemuImgWithKeys } from '../secrets.ts'
import { chainOf, FIRST_FILE, overlayMake, readHeader, volumeInfo } from './files.ts'
import { qcow2Make } from './make.ts'
import { createLayers, layerOfFile } from './layers.ts'

const GIB = 1024 ** 3
const COPY_TIMEOUT_MS = 6 * 3_600_000
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
    content: async (path, keys) => {
      const { backing } = await readHeader(path)
      const file = { path, format: 'qcow2', backing: await chainOf(backing) } as const
      return withKeys(layersFolder, file, keys)
    },
    withKeys: (file, keys) => withKeys(layersFolder, file, keys),
    ensure: (content) =>
      mutex.run(content.volumeId, () => volumeEnsure({ folder, layersFolder }, content)),
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

interface Folders {
  folder: string
  layersFolder: string
}

async function volumeEnsure(folders: Folders, content: VolumeContent): Promise<VolumeFile> {
  const { folder } = folders
  const sizeBytes = content.sizeGiB * GIB
  const existing = await volumeInfo(folder, content.volumeId)
  if (existing === null) {
    await volumeCreate(folders, content, sizeBytes)
  } else if (existing.sizeBytes < sizeBytes) {
    const key = content.keys?.head ?? null
    // What lies beneath is never longer, and need not be opened.
    const name = diskName({ path: existing.path, format: 'qcow2', key }, true)
    await qemuImgWithKeys([key], ['resize', '-q', name, String(sizeBytes)])
    await fsyncFile(existing.path)
  } else {
    return existing
  }
  const made = await volumeInfo(folder, content.volumeId)
  assert(made !== null, `volume ${content.volumeId} vanished while it was made`)
  return made
}

async function volumeCreate(
  { folder, layersFolder }: Folders,
  { volumeId, sizeGiB, source, keys = null, isCopied = false }: VolumeContent,
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
    const path = join(work, FIRST_FILE)
    const key = keys?.head ?? null
    const isOnLayer = source !== null && layerOfFile(layersFolder, source.path) !== null
    const isCopiedInto = isOnLayer && !isCopied
    await overlayMake(path, { sizeBytes, backing: isCopied ? null : source, key, isCopiedInto })
    if (source && isCopied) {
      const beneath = source.format === 'qcow2' ? (await readHeader(source.path)).backing : null
      const whole = { ...source, backing: await chainOf(beneath) }
      await contentCopy(withKeys(layersFolder, whole, keys), { path, format: 'qcow2', key })
    }
    await fsyncFolder(work)
    await renameDurable(work, join(folder, volumeId))
  } catch (error) {
    await rm(work, { recursive: true, force: true })
    throw error
  }
}

export interface ContentCopyOptions {
  signal?: AbortSignal
  onLine?: (line: string) => void
  /** Not of an encrypted one: QEMU does not do both. */
  isCompressed?: boolean
}

/** Of a whole chain into one file that is there. @throws ExecError, for example when the disk is full. */
export async function contentCopy(
  from: DiskBacking,
  to: DiskBacking,
  { isCompressed = false, ...progress }: ContentCopyOptions = {},
): Promise<void> {
  const options = [
    'driver=qcow2',
    `file.filename=${to.path.replaceAll(',', ',,')}`,
    ...(to.key ? [`encrypt.key-secret=${secretName(to.key)}`] : []),
  ]
  const mode = progress.onLine ? '-p' : '-q'
  const how = isCompressed ? ['-c'] : []
  const args = [
    'convert',
    mode,
    ...how,
    '-n',
    '--target-image-opts',
    diskName(from),
    options.join(','),
  ]
  await qemuImgWithKeys([...keysOf(from), to.key], args, {
    timeoutMs: COPY_TIMEOUT_MS,
    cpuSecondsMax: COPY_TIMEOUT_MS / 1000,
    ...progress,
  })
  await fsyncFile(to.path)
}

function withKeys(layersFolder: string, file: DiskBacking, keys: VolumeKeys | null): DiskBacking {
  const layerId = layerOfFile(layersFolder, file.path)
  return {
    ...file,
    key: (layerId === null ? file.key : keys?.layers[layerId]) ?? null,
    ...(file.backing ? { backing: withKeys(layersFolder, file.backing, keys) } : {}),
  }
}

/** A file like any volume's, anywhere: not durable yet, and whoever may read the folder may read it. */
export async function overlayCreate(
  path: string,
  source: VolumeContent['source'],
  sizeBytes: number,
): Promise<void> {
  await qcow2Make(path, { sizeBytes, backing: source, key: null })
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
