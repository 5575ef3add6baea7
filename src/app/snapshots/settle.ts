/**
 * From a wanted snapshot to a taken one: the host freezes the volumes of a batch at one instant, then the records say
 * what lies on what. May be repeated after a crash at any line: a host answers a freeze that has happened as it did
 * the first time, and what it says about the order of layers is the truth.
 */
import type { FreezeOutcome } from '../../agent/protocol.ts'
import type { Image, Snapshot } from '../../domain/image.ts'
import type { Layer } from '../../domain/layer.ts'
import type { VolumeKeys } from '../../domain/machine.ts'
import type { Volume } from '../../domain/volume.ts'
import { present } from '../../lib/assert.ts'
import { createKeyedMutex } from '../../lib/mutex.ts'
import type { StoreTransaction } from '../../store/store.ts'
import { volumeCopyFollow } from '../volumes/copy-follow.ts'
import { volumeKeys } from '../volumes/encryption.ts'
import { layerFrozen } from './layers.ts'
import type { App, HostHandle } from '../context.ts'

export type SnapshotSettler = (batch: string) => Promise<void>

export function createSnapshotSettler(app: App): SnapshotSettler {
  // What a host said last about a volume is what must be written last.
  const mutex = createKeyedMutex()
  return async (batch) => {
    const wanted = await pendingOf(app, batch)
    await mutex.runAll(
      wanted.map((snapshot) => snapshot.volumeId),
      () => settle(app, batch),
    )
  }
}

async function pendingOf(app: App, batch: string): Promise<Snapshot[]> {
  return app.store.list('snapshot', { reference: { name: 'batch', value: batch } })
}

async function settle(app: App, batch: string): Promise<void> {
  const snapshots = await pendingOf(app, batch)
  const [first] = snapshots
  if (!first) return
  const volumes = await app.store.list('volume', { ids: snapshots.map((one) => one.volumeId) })
  const missing = snapshots.find((one) => !volumes.some((volume) => volume.id === one.volumeId))
  if (missing) return fail(app, batch, `The volume ${missing.volumeId} is gone.`)
  // Of an instance's, those that others have too say nothing of whose they are; of one alone, its host knows.
  const own = volumes.find((volume) => !volume.isMultiAttach) ?? volumes[0]!
  const instanceId = own.attachment?.instanceId ?? null
  const host = await hostOf(app, volumes[0]!)
  const keys = await Promise.all(volumes.map((volume) => volumeKeys(app, volume)))
  const locked = keys.find((one) => typeof one === 'string')
  if (typeof locked === 'string') {
    // Of one that has begun, the layer may hold the volume's content: it is not given up with the snapshot.
    const there = new Set(await host.agent.layerList())
    const isKept = (one: Snapshot): boolean =>
      there.has(layerIdOf(one)) &&
      volumes.some((volume) => volume.id === one.volumeId && volume.intended !== 'absent')
    if (!snapshots.some(isKept)) return fail(app, batch, locked)
    throw new Error(`a freeze that has begun waits for its key: ${locked}`)
  }
  const outcomes = await host.agent.volumesFreeze({
    instanceId,
    isRebooted: first.isRebooted ?? false,
    isQuiesced: first.isQuiesced ?? false,
    volumes: snapshots.map((one) => {
      const index = volumes.findIndex((volume) => volume.id === one.volumeId)
      const key = (keys[index] as VolumeKeys | null)?.head ?? null
      return { volumeId: volumes[index]!.id, layerId: layerIdOf(one), key }
    }),
  })
  const failed = outcomes.find((one) => 'reason' in one)
  if (failed) return fail(app, batch, failed.reason)
  const pauseMs = Math.max(...outcomes.map((one) => ('pauseMs' in one ? one.pauseMs : 0)))
  app.log.info({ snapshots: snapshots.map((one) => one.id), pauseMs }, 'snapshots taken')
  await app.store.transact((tx) => confirm(app, tx, batch, outcomes))
  app.activate('chains')
  app.activate('volumes')
  // An image may have become available, an export may begin.
  app.activate('templates')
  app.activate('exports')
}

/** The host that has the volume's file: its machine's. */
export async function hostOf(app: App, volume: Volume): Promise<HostHandle> {
  const instance = volume.attachment
    ? await app.store.get('instance', volume.attachment.instanceId)
    : undefined
  const host = app.hosts.find((one) => one.description.hostId === instance?.hostId)
  return present(host ?? app.hosts[0], 'a host')
}

function layerIdOf({ source }: Snapshot): Layer['id'] {
  return present('layerId' in source ? source.layerId : null, 'the layer of a snapshot')
}

async function confirm(
  app: App,
  tx: StoreTransaction,
  batch: string,
  outcomes: readonly FreezeOutcome[],
): Promise<void> {
  const pending = await tx.list('snapshot', { reference: { name: 'batch', value: batch } })
  for (const snapshot of pending) {
    const outcome = outcomes.find((one) => one.volumeId === snapshot.volumeId)
    if (!outcome || 'reason' in outcome) continue
    const layer = present(await tx.get('layer', layerIdOf(snapshot)), 'the layer of a snapshot')
    await layerFrozen(tx, layer, outcome)
    const volume = await tx.get('volume', snapshot.volumeId)
    if (volume) await tx.update('volume', { ...volume, layerId: outcome.headOn })
    const completedAt = app.clock.now()
    const crashReason = outcome.crashReason === null ? null : (outcome.crashReason ?? 'not known')
    const seen = snapshot.isQuiesced ? { crashReason } : {}
    if (snapshot.copyVolumeId) {
      await volumeCopyFollow(tx, snapshot, 'taken')
      continue
    }
    await tx.update('snapshot', { ...snapshot, ...seen, state: 'completed', completedAt })
    await imagesFollow(tx, snapshot, { state: 'available' })
  }
}

/** An image that waited for its snapshots; they come and fail together. */
async function imagesFollow(
  tx: StoreTransaction,
  { id }: Snapshot,
  change: Pick<Image, 'state' | 'stateReason'>,
): Promise<void> {
  for (const image of await tx.list('image', { reference: { name: 'snapshot', value: id } })) {
    if (image.state === 'pending') await tx.update('image', { ...image, ...change })
  }
}

/** Nothing was frozen. The snapshots stay to tell why, until their owner deletes them. */
async function fail(app: App, batch: string, reason: string): Promise<void> {
  app.log.warn({ batch, reason }, 'snapshots could not be taken')
  await app.store.transact(async (tx) => {
    const pending = await tx.list('snapshot', { reference: { name: 'batch', value: batch } })
    for (const snapshot of pending) {
      if (snapshot.copyVolumeId) {
        await volumeCopyFollow(tx, snapshot, 'failed')
        continue
      }
      await tx.update('snapshot', { ...snapshot, state: 'error', stateMessage: reason })
      await imagesFollow(tx, snapshot, { state: 'failed', stateReason: reason })
    }
  })
  // The layer of a snapshot that has gone.
  app.activate('layers')
}
