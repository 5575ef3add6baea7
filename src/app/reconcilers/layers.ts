/**
 * Layers that nobody needs go, and volumes that lie on many of them are made to lie on few, so that the time of a read
 * does not grow with the number of snapshots. No file of a layer is ever written to: what others read never changes.
 * Where backups build on a layer, that layer gets a file that lies on no others (decision 0135), and what was written
 * since stays apart; otherwise the volume's own file takes over what lies beneath it.
 */
import { unlessAborted } from '../../lib/time.ts'
import type { VolumeId } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/image.ts'
import type { LayerKeys } from '../../domain/machine.ts'
import type { Volume } from '../../domain/volume.ts'
import type { Layer, LayerId } from '../../domain/layer.ts'
import type { StoreReader } from '../../store/store.ts'
import type { App } from '../context.ts'
import { hostOf } from '../snapshots/settle.ts'
import { layerKeys, volumeKeys } from '../volumes/encryption.ts'

/**
 * Each layer costs a machine two open files and a look into its tables for what was not written since; 32 cost a random
 * read some tens of microseconds. Beyond, the volume's own file takes over what it reads: one whole copy of its data.
 */
export const CHAIN_LAYERS_MAX = 32
/** For so many more the shortening waits for a backup that would lose what it builds on. */
const LAYERS_LATER = 16

export async function layersReconcile(app: App, signal: AbortSignal): Promise<void> {
  for (;;) {
    const marked = await unneededMark(app)
    const reference = { name: 'going', value: 'yes' }
    const going = await app.store.list('layer', { reference })
    for (const layer of going) {
      signal.throwIfAborted()
      // The file goes first: a record without a file is asked for again, a file without a record is lost.
      try {
        for (const host of app.hosts) await host.agent.layerDelete(layer.id)
      } catch (err) {
        // In use after all, or its host is away: the others go.
        app.log.error({ err, layer: layer.id }, 'a layer does not go')
        continue
      }
      await app.store.transact(async (tx) => {
        const now = await tx.get('layer', layer.id)
        if (now) await tx.remove('layer', now)
      })
    }
    // With a layer goes the need for what it lies on.
    if (marked === 0) return
  }
}

/** What its tier is changed to; afterwards it is its source or its archive, if it still is anything. */
const targetOf = ({ tiering }: Snapshot) =>
  tiering?.operation.state === 'in-progress' ? tiering.operation.target : null

/** From here on nobody can come to need them: what is used is used through a snapshot, and there is none. */
async function unneededMark(app: App): Promise<number> {
  const [layers, snapshots, volumes] = await Promise.all([
    app.store.list('layer', {}),
    app.store.list('snapshot', {}),
    app.store.list('volume', {}),
  ])
  const needed = new Set<string | null | undefined>([
    ...layers.map((layer) => layer.parentId),
    ...snapshots.map(({ source }) => ('layerId' in source ? source.layerId : null)),
    ...snapshots.map((snapshot) => snapshot.staging?.parentLayerId),
    ...snapshots.map((snapshot) => snapshot.tiering?.archive?.layerId),
    ...snapshots.map(targetOf),
    ...snapshots.map(({ copiedFrom }) =>
      copiedFrom && 'layerId' in copiedFrom ? copiedFrom.layerId : null,
    ),
    ...volumes.map((volume) => volume.layerId),
  ])
  const candidates = layers.filter((one) => one.intended === 'present' && !needed.has(one.id))
  let count = 0
  for (const candidate of candidates) {
    await app.store.transact(async (tx) => {
      const layer = await tx.get('layer', candidate.id)
      if (!layer || (await isNeeded(tx, layer))) return
      await tx.update('layer', { ...layer, intended: 'absent' })
      count++
    })
  }
  return count
}

async function isNeeded(tx: StoreReader, { id }: Layer): Promise<boolean> {
  const by = (name: string) => ({ reference: { name, value: id } })
  return (
    (await tx.count('layer', by('parent'))) > 0 ||
    (await tx.count('snapshot', by('layer'))) > 0 ||
    (await tx.count('volume', by('layer'))) > 0
  )
}

export async function chainsReconcile(app: App, signal: AbortSignal): Promise<void> {
  const deep = (await app.store.list('layer', {})).filter((one) => one.depth > CHAIN_LAYERS_MAX)
  for (const layer of deep) {
    const reference = { name: 'layer', value: layer.id }
    for (const volume of await app.store.list('volume', { reference })) {
      signal.throwIfAborted()
      if (!volume.isMaterialised || volume.intended === 'absent') continue
      const how = await howToShorten(app, layer)
      if (how === 'later') continue
      if (how !== 'collapse') {
        if (await flatten(app, volume, how, signal)) break
        continue
      }
      if (volume.isEncrypted && !(await isRunning(app, volume))) continue
      const host = await hostOf(app, volume)
      const instanceId = volume.attachment?.instanceId ?? null
      // The end of this program does not wait for it; it goes on by itself or is begun again.
      await unlessAborted(host.agent.volumeCollapse(volume.id, instanceId), signal)
      await app.store.transact(async (tx) => {
        const now = await tx.get('volume', volume.id)
        // Frozen anew meanwhile: it lies on its new layer, and only that.
        if (now?.layerId !== layer.id) return
        await tx.update('volume', { ...now, layerId: null })
      })
      app.log.info({ volume: volume.id, layers: layer.depth }, 'volume lies on no layers any more')
      app.activate('layers')
    }
  }
}

/**
 * Which layer gets a file of its own: the lowest on which a backup builds. What its file holds, and what is written
 * above it, stay told apart, for that backup and for those that build on higher ones. If that was done before and the
 * chain is long again, backups of two vaults are far apart: it waits for a while for the older one, and then the layer
 * that the volume lies on is taken, and the older one reads everything. Where no backup builds on any, the volume's own
 * file takes over.
 */
async function howToShorten(app: App, top: Layer): Promise<Layer | 'collapse' | 'later'> {
  const hidden = (await app.store.list('snapshot', {})).filter((one) => one.backupJobId)
  const bases = new Set<string | null>(
    hidden.map(({ source }) => ('layerId' in source ? source.layerId : null)),
  )
  let lowest: Layer | null = null
  for (let layer: Layer | null = top; layer;) {
    if (bases.has(layer.id)) lowest = layer
    layer = layer.parentId && ((await app.store.get('layer', layer.parentId)) ?? null)
  }
  if (lowest === null) return 'collapse'
  if (lowest.depth > 1) return lowest.isFrozen ? lowest : 'later'
  if (top.depth <= CHAIN_LAYERS_MAX + LAYERS_LATER) return 'later'
  return bases.has(top.id) && top.isFrozen ? top : 'collapse'
}

/** False: a key cannot be had for now. */
async function flatten(
  app: App,
  volume: Volume,
  layer: Layer,
  signal: AbortSignal,
): Promise<boolean> {
  const keys = await keysUpon(app, layer)
  if (typeof keys === 'string') {
    app.log.warn({ layer: layer.id, reason: keys }, 'a chain of layers stays long')
    return false
  }
  const done = (await hostOf(app, volume)).agent.layerFlatten(layer.id, keys)
  await flattened(app, layer.id, (await unlessAborted(done, signal)).usedBytes)
  app.log.info({ layer: layer.id, layers: layer.depth }, 'a layer lies on no others any more')
  app.activate('layers')
  return true
}

/** Of every volume that lies on it, with all between; a text: why one cannot be had. */
async function keysUpon(app: App, layer: Layer): Promise<LayerKeys | string | null> {
  const own = await layerKeys(app, layer.id)
  if (own === null || typeof own === 'string') return own
  const layers = new Map((await app.store.list('layer', {})).map((one) => [one.id, one]))
  const liesUpon = (volume: Volume): boolean => {
    for (let id = volume.layerId ?? null; id !== null; id = layers.get(id)?.parentId ?? null) {
      if (id === layer.id) return true
    }
    return false
  }
  const all = { layers: { ...own.layers }, heads: {} as Record<VolumeId, string> }
  for (const volume of (await app.store.list('volume', {})).filter(liesUpon)) {
    const keys = await volumeKeys(app, volume)
    if (typeof keys === 'string') return keys
    Object.assign(all.layers, keys?.layers)
    if (keys?.head) all.heads[volume.id] = keys.head
  }
  return all
}

/** What the host has done: the layer begins a chain, and those that lie on it are counted from there. */
async function flattened(app: App, id: LayerId, usedBytes: number): Promise<void> {
  await app.store.transact(async (tx) => {
    const base = await tx.get('layer', id)
    if (!base) return
    let level: Layer[] = [{ ...base, parentId: null, depth: 1, usedBytes }]
    while (level.length > 0) {
      const above: Layer[] = []
      for (const layer of level) {
        await tx.update('layer', layer)
        const reference = { name: 'parent', value: layer.id }
        for (const one of await tx.list('layer', { reference })) {
          above.push({ ...one, depth: layer.depth + 1 })
        }
      }
      level = above
    }
  })
}

/** QEMU has the keys; without it an encrypted volume stays on its layers until it is used again. */
async function isRunning(app: App, { attachment }: Volume): Promise<boolean> {
  const instance = attachment && (await app.store.get('instance', attachment.instanceId))
  return instance?.observed?.state === 'running'
}
