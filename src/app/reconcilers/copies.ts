/** Copies of snapshots that are encrypted otherwise: each is asked of the host once; a crash of ours asks again. */
import type { Snapshot } from '../../domain/image.ts'
import { present } from '../../lib/assert.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { App } from '../context.ts'
import { layerFrozen } from '../snapshots/layers.ts'
import { layerKeys } from '../volumes/encryption.ts'

export function createCopiesReconciler(app: App): (signal: AbortSignal) => Promise<void> {
  const working = new Set<string>()
  const work = async (snapshot: Snapshot, signal: AbortSignal): Promise<void> => {
    working.add(snapshot.id)
    try {
      await copy(app, snapshot)
    } catch (err) {
      if (!signal.aborted) app.log.warn({ err, snapshot: snapshot.id }, 'copy not made yet')
    } finally {
      working.delete(snapshot.id)
    }
  }
  return async (signal) => {
    const reference = { name: 'copying', value: 'yes' }
    for (const snapshot of await app.store.list('snapshot', { reference })) {
      if (!working.has(snapshot.id)) void work(snapshot, signal)
    }
  }
}

async function copy(app: App, { id, source, copiedFrom, sizeGiB }: Snapshot): Promise<void> {
  const layerId = present('layerId' in source ? source.layerId : null, 'the layer of a copy')
  const from = present(copiedFrom, 'what a copy is a copy of')
  const keys = 'layerId' in from ? await layerKeys(app, from.layerId) : null
  const own = await layerKeys(app, layerId)
  const locked = [keys, own].find((one) => typeof one === 'string')
  if (typeof locked === 'string') return fail(app, id, locked)
  const { agent } = present(app.hosts[0], 'a host')
  const { usedBytes } = await agent.layerCopy({
    layerId,
    source: 'layerId' in from ? from : { imageId: id, ...from },
    keys: keys as Exclude<typeof keys, string>,
    sizeGiB,
    key: (own as Exclude<typeof own, string>)?.layers[layerId] ?? null,
  })
  await app.store.transact(async (tx) => {
    const layer = await tx.get('layer', layerId)
    if (layer) await layerFrozen(tx, layer, { parentId: null, usedBytes })
    const snapshot = await tx.get('snapshot', id)
    // Deleted meanwhile: its layer goes as any that nobody names.
    if (!snapshot?.copiedFrom) return
    const completedAt = app.clock.now()
    await tx.update('snapshot', { ...snapshot, state: 'completed', completedAt, copiedFrom: null })
    await imagesSettle(tx, snapshot)
  })
  app.activate('layers')
}

async function fail(app: App, id: string, reason: string): Promise<void> {
  await app.store.transact(async (tx) => {
    const snapshot = await tx.get('snapshot', id)
    if (!snapshot?.copiedFrom) return
    const failed = { state: 'error', stateMessage: reason, copiedFrom: null } as const
    await tx.update('snapshot', { ...snapshot, ...failed })
    await imagesSettle(tx, snapshot)
  })
}

/** An image is available when all its snapshots are, and failed when one is. */
async function imagesSettle(tx: StoreTransaction, { id }: Snapshot): Promise<void> {
  for (const image of await tx.list('image', { reference: { name: 'snapshot', value: id } })) {
    if (image.state !== 'pending') continue
    const ids = image.blockDevices.flatMap((one) => one.snapshotId ?? [])
    const snapshots = await tx.list('snapshot', { ids })
    const failed = snapshots.find((one) => one.state === 'error')
    const isPending = snapshots.some((one) => one.state === 'pending')
    if (failed) {
      const stateReason = failed.stateMessage ?? 'a snapshot was not copied'
      await tx.update('image', { ...image, state: 'failed', stateReason })
    } else if (!isPending) await tx.update('image', { ...image, state: 'available' })
  }
}
