/**
 * Snapshots on their way into the archive and out of it. Each copy is asked of the host once; a crash of ours asks
 * again. What a copy takes the place of goes only when the record names the copy: at every moment the snapshot has a
 * layer that holds all of it.
 */
import type { Snapshot } from '../../domain/image.ts'
import { isArchivedAway, type SnapshotTiering } from '../../domain/snapshot-tier.ts'
import { present } from '../../lib/assert.ts'
import type { App } from '../context.ts'
import { layerFrozen } from '../snapshots/layers.ts'
import { layerKeys } from '../volumes/encryption.ts'

const DAY_MS = 86_400_000

export function createTiersReconciler(app: App): (signal: AbortSignal) => Promise<void> {
  const working = new Set<string>()
  const work = async (snapshot: Snapshot, signal: AbortSignal): Promise<void> => {
    working.add(snapshot.id)
    try {
      await carryOut(app, snapshot)
    } catch (err) {
      if (!signal.aborted) app.log.warn({ err, snapshot: snapshot.id }, 'tier not changed yet')
    } finally {
      working.delete(snapshot.id)
    }
  }
  return async (signal) => {
    const reference = { name: 'tiering', value: 'yes' }
    for (const snapshot of await app.store.list('snapshot', { reference })) {
      if (!working.has(snapshot.id)) void work(snapshot, signal)
    }
    await expire(app)
  }
}

async function carryOut(app: App, snapshot: Snapshot): Promise<void> {
  const { operation } = present(snapshot.tiering, 'a tier to change to')
  const { source, id, sizeGiB } = snapshot
  const { target } = operation
  const isThere = 'layerId' in source && source.layerId === target
  if (!isThere) {
    const keys = 'layerId' in source ? await layerKeys(app, source.layerId) : null
    const own = await layerKeys(app, target)
    const locked = [keys, own].find((one) => typeof one === 'string')
    if (typeof locked === 'string') return finish(app, snapshot, { failure: locked })
    const { agent } = present(app.hosts[0], 'a host')
    const { usedBytes } = await agent.layerCopy({
      layerId: target,
      source: 'layerId' in source ? source : { imageId: id, ...source },
      keys: keys as Exclude<typeof keys, string>,
      sizeGiB,
      key: (own as Exclude<typeof own, string>)?.layers[target] ?? null,
      isCompressed: operation.type === 'archival',
    })
    await app.store.transact(async (tx) => {
      const layer = await tx.get('layer', target)
      if (layer) await layerFrozen(tx, layer, { parentId: null, usedBytes })
    })
  }
  await finish(app, snapshot, {})
}

async function finish(
  app: App,
  { id, tiering: asked }: Snapshot,
  { failure = null }: { failure?: string | null },
): Promise<void> {
  await app.store.transact(async (tx) => {
    const snapshot = await tx.get('snapshot', id)
    const tiering = snapshot?.tiering
    // Deleted meanwhile: its layers go as any that nobody names.
    if (!snapshot || tiering?.operation.startedAt !== asked?.operation.startedAt || !tiering) return
    const { operation } = tiering
    if (failure !== null) {
      const failed = { ...operation, state: 'failed' as const, detail: failure }
      await tx.update('snapshot', { ...snapshot, tiering: { ...tiering, operation: failed } })
      return
    }
    const now = app.clock.now()
    await tx.update('snapshot', {
      ...snapshot,
      source: { layerId: operation.target },
      // Its content is another's; what it boots with is not.
      bootFolder:
        'imageFolder' in snapshot.source
          ? snapshot.source.imageFolder
          : (snapshot.bootFolder ?? null),
      tiering: changed(tiering, now),
    })
  })
  app.log.info({ snapshot: id, failure }, 'snapshot changed its tier')
  app.activate('layers')
}

function changed(tiering: SnapshotTiering, now: number): SnapshotTiering {
  const { operation, archive } = tiering
  const { type, target, days } = operation
  return {
    operation: { ...operation, state: 'completed' },
    archive:
      type === 'archival'
        ? { layerId: target, archivedAt: now }
        : type === 'temporary-restore'
          ? archive
          : null,
    expiresAt: type === 'temporary-restore' ? now + (days ?? 1) * DAY_MS : null,
  }
}

/** What was restored for some days is the archive's alone again; volumes that were made of it keep what they lie on. */
async function expire(app: App): Promise<void> {
  const reference = { name: 'restored', value: 'yes' }
  for (const { id } of await app.store.list('snapshot', { reference })) {
    await app.store.transact(async (tx) => {
      const snapshot = await tx.get('snapshot', id)
      const tiering = snapshot?.tiering
      if (!snapshot || !tiering?.archive || tiering.expiresAt === null) return
      const isOver =
        tiering.expiresAt <= app.clock.now() && tiering.operation.state !== 'in-progress'
      if (!isOver || isArchivedAway(snapshot)) return
      const { layerId } = tiering.archive
      const { archive, operation } = tiering
      const back = { archive, operation, expiresAt: null }
      await tx.update('snapshot', { ...snapshot, source: { layerId }, tiering: back })
    })
    app.activate('layers')
  }
}
