/**
 * Frozen layers: `LAYERS/<layer id>.qcow2`. The file that a volume writes to becomes a layer where it lies: it gets
 * a second name in the layers' folder, the volume gets a new, empty file upon it, and a pointer to that file. QEMU,
 * which has the old name open and opens it once more when it becomes read-only, never meets a missing file.
 * Guarantees: at every line, the file that the pointer names has the whole content of the volume.
 */
import { chmod, chown, link, readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { VolumeId } from '../../domain/ids.ts'
import { isLayerId, type LayerId } from '../../domain/layer.ts'
import type { DiskBacking } from '../../domain/machine.ts'
import { nbdSourceOf } from '../../domain/nbd-source.ts'
import { assert } from '../../lib/assert.ts'
import {
  fsyncFile,
  fsyncFolder,
  removeDurable,
  renameDurable,
  writeFileDurable,
} from '../../lib/fs-durable.ts'
import { createKeyedMutex } from '../../lib/mutex.ts'
import type { Freeze, LayerBackend } from '../backend.ts'
import { qemuImg } from '../qemu-img.ts'
import { diskName, keysOf, qemuImgWithKeys } from '../secrets.ts'
import { HEAD_FILE, headPath, overlayMake, readHeader } from './files.ts'

const SUFFIX = '.qcow2'
/** Read by every machine whose volumes lie on it, whatever user that is; names cannot be listed or guessed. */
export const LAYER_MODE = 0o444
/** Chains are made shorter long before. */
const CHAIN_FILES_MAX = 1_000
/** Copying a large chain takes its time; a start of the machine interrupts it. */
const COLLAPSE_TIMEOUT_MS = 24 * 3_600_000

/** The layer whose file this is; null for an image. */
export function layerOfFile(layersFolder: string, file: string): LayerId | null {
  const name = basename(file, SUFFIX)
  return dirname(file) === layersFolder && isLayerId(name) ? name : null
}

/** From here on it is every machine's to read and nobody's to write. */
export async function layerRelease(path: string): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, 0, 0)
  await chmod(path, LAYER_MODE)
}

export function createLayers(volumesFolder: string, layersFolder: string): LayerBackend {
  const path = (layerId: LayerId): string => {
    assert(isLayerId(layerId), `not a layer: ${String(layerId)}`)
    return join(layersFolder, `${layerId}${SUFFIX}`)
  }
  const layerOfPath = (file: string): LayerId | null => layerOfFile(layersFolder, file)
  /** A layer that goes is not made again by who makes it flat. */
  const mutex = createKeyedMutex()
  const pointTo = (volumeId: VolumeId, file: string): Promise<void> =>
    writeFileDurable(join(volumesFolder, volumeId, HEAD_FILE), `${basename(file)}\n`)

  return {
    path,
    begin: (volumeId, layerId, key = null) =>
      freezeBegin(volumesFolder, { volumeId, layerId, key }, path, pointTo),
    finish: async ({ volumeId, layerId }) => {
      await leftoversRemove(volumesFolder, volumeId)
      // Also of one that is superseded: whoever froze it first may not have come this far.
      await layerRelease(path(layerId))
    },
    undo: async ({ volumeId, from, to, layerId, isSuperseded }) => {
      // A freeze that an earlier attempt brought this far may have happened: it is not undone by guess.
      if (isSuperseded || from === to) return
      await pointTo(volumeId, from)
      await removeDurable(to)
      await removeDurable(path(layerId))
    },
    beneath: async (of) => {
      const file = isLayerId(of) ? path(of) : await headPath(volumesFolder, of as VolumeId)
      // A template's disk may lie between a layer and the one that it was made of.
      const chain = await chainBeneath(file)
      return chain.map((one) => layerOfPath(one.path)).find((id) => id !== null) ?? null
    },
    usedBytes: async (layerId) => (await stat(path(layerId))).blocks * 512,
    list: async () => {
      const names = await readdir(layersFolder)
      return names.map((name) => basename(name, SUFFIX)).filter(isLayerId)
    },
    delete: (layerId) =>
      mutex.run(layerId, async () => {
        const volumeId = await volumeUpon(volumesFolder, path(layerId))
        if (volumeId) throw new Error(`${layerId} stays: ${volumeId} lies on it`)
        await rm(`${path(layerId)}.new`, { force: true })
        await removeDurable(path(layerId))
      }),
    flatten: (layerId, keys, signal) => {
      const keyOf = (file: string): string | null => {
        const id = layerOfPath(file)
        return id === null ? null : (keys[id] ?? null)
      }
      const exclusively = (section: () => Promise<void>) => mutex.run(layerId, section)
      return flatten(path(layerId), { layerOfPath, keyOf, signal, exclusively })
    },
    collapse: (volumeId, signal) => collapse(volumesFolder, volumeId, layerOfPath, signal),
  }
}

async function freezeBegin(
  volumesFolder: string,
  { volumeId, layerId, key }: { volumeId: VolumeId; layerId: LayerId; key: string | null },
  pathOf: (layerId: LayerId) => string,
  pointTo: (volumeId: VolumeId, file: string) => Promise<void>,
): Promise<Freeze> {
  const from = await headPath(volumesFolder, volumeId)
  const to = join(volumesFolder, volumeId, `on-${layerId}${SUFFIX}`)
  const layer = pathOf(layerId)
  const freeze = { volumeId, layerId, from, to, isSuperseded: false }
  if (from === to) return freeze
  const frozen = await stat(layer).catch(() => null)
  const head = await stat(from)
  // It is a file already, and another one than the volume writes to: it was frozen, and younger ones since.
  if (frozen && frozen.ino !== head.ino) return { ...freeze, isSuperseded: true }
  const { sizeBytes } = await readHeader(from)
  if (!frozen) {
    await link(from, layer)
    await fsyncFolder(dirname(layer))
  }
  const work = `${to}.new`
  try {
    await rm(work, { force: true })
    const backing = { path: layer, format: 'qcow2' } as const
    await overlayMake(work, { sizeBytes, backing, key, isCopiedInto: true }, head)
    await renameDurable(work, to)
    await pointTo(volumeId, to)
  } catch (error) {
    // The pointer may have been moved all the same, and only that it is durable failed: never without what it names.
    if ((await headPath(volumesFolder, volumeId)) !== from) await pointTo(volumeId, from)
    for (const file of [work, to, layer]) await rm(file, { force: true })
    throw error
  }
  return freeze
}

/** What lies beneath the lowest layer stays where it is: the image is shared and never goes. */
async function collapse(
  volumesFolder: string,
  volumeId: VolumeId,
  layerOfPath: (file: string) => LayerId | null,
  signal: AbortSignal,
): Promise<void> {
  const head = await headPath(volumesFolder, volumeId)
  const chain = await chainBeneath(head)
  const lowest = chain.findLastIndex((one) => layerOfPath(one.path) !== null)
  if (lowest < 0) return
  const beneath = chain[lowest + 1]
  const onto = beneath ? ['-b', beneath.path, '-F', beneath.format] : ['-b', '']
  // By itself, it lets the header go of what lies beneath before the tables of what it copied are written, and all
  // of it before anything is on the disk: an interruption in between would lose the volume. So each write is durable
  // first.
  await qemuImg(['rebase', '-q', '-t', 'writethrough', '-f', 'qcow2', ...onto, head], {
    timeoutMs: COLLAPSE_TIMEOUT_MS,
    cpuSecondsMax: COLLAPSE_TIMEOUT_MS / 1000,
    signal,
  })
  await fsyncFile(head)
}

/** Made beside, out of files that never change, and put in the layer's place when all of it is on the disk. */
async function flatten(
  layer: string,
  options: {
    layerOfPath: (file: string) => LayerId | null
    /** Of a layer's file. */
    keyOf: (file: string) => string | null
    signal: AbortSignal
    exclusively: (section: () => Promise<void>) => Promise<void>
  },
): Promise<void> {
  const { layerOfPath, keyOf, signal, exclusively } = options
  const chain = await chainBeneath(layer)
  const lowest = chain.findLastIndex((one) => layerOfPath(one.path) !== null)
  if (lowest < 0) return
  const beneath = chain[lowest + 1]
  const work = `${layer}.new`
  try {
    await rm(work, { force: true })
    const { sizeBytes } = await readHeader(layer)
    const backing = { path: layer, format: 'qcow2' } as const
    const key = keyOf(layer)
    await overlayMake(work, { sizeBytes, backing, key, isCopiedInto: true })
    const onto = beneath ? ['-b', beneath.path, '-F', beneath.format] : ['-b', '']
    const whole = [{ path: work, format: 'qcow2', key } as const, backing, ...chain]
      .toReversed()
      .reduce<DiskBacking | null>((below, { path, format }) => {
        return { path, format, key: path === work ? key : keyOf(path), backing: below }
      }, null)!
    await qemuImgWithKeys(keysOf(whole), ['rebase', '-q', ...onto, diskName(whole)], {
      timeoutMs: COLLAPSE_TIMEOUT_MS,
      cpuSecondsMax: COLLAPSE_TIMEOUT_MS / 1000,
      signal,
    })
    await fsyncFile(work)
    await exclusively(async () => {
      await stat(layer)
      await layerRelease(work)
      await renameDurable(work, layer)
    })
  } finally {
    await rm(work, { force: true })
  }
}

/**
 * A volume whose own file was made upon this one when it was frozen. Records say that there is none; a volume is too
 * much to lose for a mistake in them.
 */
async function volumeUpon(volumesFolder: string, layer: string): Promise<string | null> {
  const name = `on-${basename(layer)}`
  for (const volumeId of await readdir(volumesFolder)) {
    const head = join(volumesFolder, volumeId, name)
    const header = await readHeader(head).catch(() => null)
    if (header?.backing?.path !== layer) continue
    if ((await headPath(volumesFolder, volumeId as VolumeId)) === head) return volumeId
  }
  return null
}

/** Everything that a file lies on, from the top down. */
async function chainBeneath(path: string): Promise<DiskBacking[]> {
  const chain: DiskBacking[] = []
  let file = (await readHeader(path)).backing
  while (file) {
    assert(chain.length < CHAIN_FILES_MAX, `a chain of files without end beneath ${path}`)
    chain.push(file)
    // What comes over NBD is no file, and the end.
    file = nbdSourceOf(file.path) ? null : (await readHeader(file.path)).backing
  }
  return chain
}

/** The names that a volume's file had before it was frozen, and what was not finished. Nobody opens them any more. */
async function leftoversRemove(volumesFolder: string, volumeId: VolumeId): Promise<void> {
  const folder = join(volumesFolder, volumeId)
  const head = basename(await headPath(volumesFolder, volumeId))
  const names = await readdir(folder)
  const left = names.filter((name) => name !== head && /\.qcow2(?:\.new)?$/.test(name))
  for (const name of left) await rm(join(folder, name), { force: true })
  if (left.length > 0) await fsyncFolder(folder)
}
