/**
 * Strangers' disks become layers: fetched or found in the folder of imports, unpacked, looked at, converted by a
 * `qemu-img` that is nobody, alone and under limits (lib/stranger.ts) into a file of ours. A layer appears whole
 * or not at all; what was half done is gone at the next start.
 */
import { mkdir, readdir, realpath, rename, rm, statfs } from 'node:fs/promises'
import { join, sep } from 'node:path'
import type { VolumeBackend } from '../blocks/backend.ts'
import { contentCopy } from '../blocks/qcow2/backend.ts'
import { strangerConvert } from '../blocks/stranger.ts'
import { qcow2Make } from '../blocks/qcow2/make.ts'
import { readHeader } from '../blocks/qcow2/files.ts'
import { layerRelease } from '../blocks/qcow2/layers.ts'
import { FaultError } from '../domain/faults.ts'
import type { LayerId } from '../domain/layer.ts'
import { diskInspect } from '../images/add.ts'
import { lookInside } from '../images/look-inside.ts'
import { fetchTo } from '../images/fetch.ts'
import { unpack } from '../images/unpack.ts'
import { ExecError } from '../lib/exec.ts'
import { ensureFolder, fsyncFolder } from '../lib/fs-durable.ts'
import { createKeyedMutex } from '../lib/mutex.ts'
import { strangerFile, strangerTake } from '../lib/stranger.ts'
import type { VolumeSource } from '../domain/machine.ts'
import type { HostAgent, ImportOutcome, ImportRequest, LayerCopyRequest } from './protocol.ts'

const GIB = 1024 ** 3
/** The largest volume of EBS. */
const VIRTUAL_BYTES_MAX = 64 * 1024 * GIB
/** What is left for everybody else while a disk is unpacked. */
const RESERVE_BYTES = GIB
/** Shares of the work: fetching, then converting. */
const FETCHED = 0.4

export type ImportWork = Pick<
  HostAgent,
  'layerImport' | 'layerCopy' | 'importProgress' | 'importCancel'
>

export async function createImportWork(options: {
  volumes: VolumeBackend
  /** Files that may be named by a path, and work in progress below `.work`. */
  importsFolder: string
  /** Whose folders are the buckets of `s3://` URLs, before those of the folder of imports. */
  exportsFolder?: string
  mayFetchInternal: boolean
  sourcePath: (source: VolumeSource) => string
}): Promise<ImportWork> {
  const { volumes, importsFolder } = options
  await ensureFolder(importsFolder)
  const workRoot = join(importsFolder, '.work')
  await rm(workRoot, { recursive: true, force: true })
  const mutex = createKeyedMutex()
  const running = new Map<LayerId, { progress: number; abort: AbortController }>()

  const run = async (request: ImportRequest): Promise<ImportOutcome> => {
    const { layerId } = request
    const target = volumes.layers.path(layerId)
    const done = await readHeader(target).catch(() => null)
    if (done) return outcomeOf(volumes, layerId, done.sizeBytes, 'qcow2')
    const state = { progress: 0, abort: new AbortController() }
    running.set(layerId, state)
    const folder = join(workRoot, layerId)
    await mkdir(folder, { recursive: true, mode: 0o700 })
    try {
      const { bavail, bsize } = await statfs(folder)
      const bytesMax = Math.max(0, bavail * bsize - RESERVE_BYTES)
      const { signal } = state.abort
      const onProgress = (fraction: number): void => void (state.progress = fraction * FETCHED)
      const limits = { bytesMax, mayBeInternal: options.mayFetchInternal, signal, onProgress }
      const source =
        (await inBucket(request.url, [options.exportsFolder, importsFolder])) ??
        (await fetched(request.url, join(folder, 'fetched'), importsFolder, limits))
      const unpacked = await unpack(source, folder, { bytesMax, signal })
      const path = await strangerFile(unpacked.path, folder)
      const { format, info } = await diskInspect(path, {
        virtualSizeBytesMax: VIRTUAL_BYTES_MAX,
        signal,
      })
      const sizeBytes = Math.ceil(info['virtual-size'] / GIB) * GIB
      // Nothing depends on it: a disk that cannot be looked into comes in all the same.
      const look = await lookInside(path, format, signal).catch(() => null)
      signal.throwIfAborted()
      const made = join(folder, 'layer.qcow2')
      await qcow2Make(made, { sizeBytes, backing: null, key: request.key ?? null })
      const onLine = (line: string): void => {
        const percent = /\((\d+(?:\.\d+)?)\/100%\)/.exec(line)?.[1]
        if (percent) state.progress = FETCHED + (Number(percent) / 100) * (1 - FETCHED)
      }
      const to = { path: made, format: 'qcow2', key: request.key ?? null } as const
      await strangerConvert({ path, format }, to, { signal, onLine })
      await layerPublish(await strangerTake(made), target)
      return { ...(await outcomeOf(volumes, layerId, sizeBytes, format)), look }
    } catch (error) {
      if (state.abort.signal.aborted) return { layerId, reason: 'it was cancelled' }
      const reason = reasonOf(error)
      if (reason !== null) return { layerId, reason }
      throw error
    } finally {
      running.delete(layerId)
      await rm(folder, { recursive: true, force: true })
    }
  }
  const copy = async (request: LayerCopyRequest): Promise<{ usedBytes: number }> => {
    const { layerId, source, keys, sizeGiB, key, isCompressed = false } = request
    const target = volumes.layers.path(layerId)
    const isDone = await readHeader(target).catch(() => null)
    if (!isDone) {
      const folder = join(workRoot, layerId)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      try {
        const state = { progress: 0, abort: new AbortController() }
        running.set(layerId, state)
        const made = join(folder, 'layer.qcow2')
        await qcow2Make(made, { sizeBytes: sizeGiB * GIB, backing: null, key })
        const content = await volumes.content(options.sourcePath(source), keys)
        const onLine = (line: string): void =>
          void (state.progress = percentOf(line) ?? state.progress)
        const to = { path: made, format: 'qcow2', key } as const
        await contentCopy(content, to, { isCompressed: isCompressed && key === null, onLine })
        await layerPublish(made, target)
      } finally {
        running.delete(layerId)
        await rm(folder, { recursive: true, force: true })
      }
    }
    return { usedBytes: await volumes.layers.usedBytes(layerId) }
  }
  return {
    layerCopy: (request) => mutex.run(request.layerId, () => copy(request)),
    layerImport: (request) => mutex.run(request.layerId, () => run(request)),
    importProgress: async (layerId) => running.get(layerId)?.progress ?? null,
    importCancel: async (layerId) => running.get(layerId)?.abort.abort(new Error('cancelled')),
  }
}

/** A fraction, of what `qemu-img -p` says. */
function percentOf(line: string): number | null {
  const percent = /\((\d+(?:\.\d+)?)\/100%\)/.exec(line)?.[1]
  return percent === undefined ? null : Number(percent) / 100
}

async function layerPublish(made: string, target: string): Promise<void> {
  await layerRelease(made)
  await rename(made, target)
  await fsyncFolder(join(target, '..'))
}

async function outcomeOf(
  volumes: VolumeBackend,
  layerId: LayerId,
  sizeBytes: number,
  format: string,
): Promise<ImportOutcome> {
  return { layerId, sizeBytes, format, usedBytes: await volumes.layers.usedBytes(layerId) }
}

/** The file of an `s3://bucket/key`; null: another kind of URL. @throws Fault `InvalidValue`. */
async function inBucket(
  url: string,
  folders: readonly (string | undefined)[],
): Promise<string | null> {
  const key = /^s3:\/\/(.+)$/.exec(url)?.[1]
  if (key === undefined) return null
  for (const folder of folders) {
    const root = folder === undefined ? null : await realpath(folder).catch(() => null)
    const real = root === null ? null : await realpath(join(root, key)).catch(() => null)
    if (
      root !== null &&
      real?.startsWith(`${root}${sep}`) &&
      !real.slice(root.length).includes(`${sep}.`)
    ) {
      return real
    }
  }
  const reason = 'there is no such file: a bucket is a folder among the exports or the imports'
  throw new FaultError({ type: 'InvalidValue', parameter: 'Url', value: url, reason })
}

/** The path of the file that the URL means. @throws Fault `InvalidValue`. */
async function fetched(
  url: string,
  to: string,
  importsFolder: string,
  limits: Parameters<typeof fetchTo>[2],
): Promise<string> {
  if (/^https?:\/\//i.test(url)) {
    await fetchTo(url, to, limits)
    return to
  }
  const named = url.replace(/^file:\/\//, '')
  const path = named.startsWith('/') ? named : join(importsFolder, named)
  const root = await realpath(importsFolder)
  const real = await realpath(path).catch(() => null)
  const isInside = real !== null && real.startsWith(`${root}${sep}`)
  if (isInside && !real.startsWith(join(root, '.work'))) return real
  const names = (await readdir(root)).filter((name) => !name.startsWith('.')).slice(0, 5)
  const hint = names.length > 0 ? ` (there: ${names.join(', ')})` : ''
  const reason = `only HTTP(S) URLs and files in ${importsFolder} can be imported${hint}`
  throw new FaultError({ type: 'InvalidValue', parameter: 'Url', value: url, reason })
}

/** The file's own fault, in words; null: ours. */
function reasonOf(error: unknown): string | null {
  if (error instanceof FaultError) {
    return error.fault.type === 'InvalidValue' ? error.fault.reason : error.fault.type
  }
  if (error instanceof ExecError && error.reason !== 'missing') {
    return error.stderr.trim().split('\n').at(-1) || `it could not be read: ${error.reason}`
  }
  return null
}
