/**
 * Volumes whose file has to be made, removed or changed. Those of a launching instance are made by its host together
 * with the machine; here are the ones made by CreateVolume and the ones nobody wants any more.
 */
import type { App } from '../context.ts'
import { volumeLimits } from '../../domain/volume-types.ts'
import { hostOf } from '../snapshots/settle.ts'
import { volumeKeys } from '../volumes/encryption.ts'
import { sourceOf } from '../volumes/create.ts'
import { volumeMaterialised, type Volume } from '../../domain/volume.ts'

export async function volumesReconcile(app: App, signal: AbortSignal): Promise<void> {
  const pending = await app.store.list('volume', { reference: { name: 'pending', value: 'yes' } })
  const failures: unknown[] = []
  for (const volume of pending) {
    signal.throwIfAborted()
    try {
      if (volume.intended === 'absent') await remove(app, volume)
      else if (!volume.attachment && hasGround(volume)) await materialise(app, volume)
    } catch (error) {
      // One that cannot be made must not stand in the way of the others.
      failures.push(error)
    }
  }
  const modifying = await app.store.list('volume', {
    reference: { name: 'modifying', value: 'yes' },
  })
  for (const volume of modifying) {
    signal.throwIfAborted()
    await modify(app, volume).catch((error: unknown) => failures.push(error))
  }
  if (failures.length > 0) throw failures[0]
}

/** The guest sees it first, then the API. */
async function modify(app: App, { id }: Volume): Promise<void> {
  // Read anew: it may have been attached or let go a moment ago.
  const volume = await app.store.get('volume', id)
  const modification = volume?.modification
  if (!volume || modification?.state !== 'modifying' || volume.intended === 'absent') return
  const { target } = modification
  const host = await hostOf(app, volume)
  await host.agent.volumeChange(id, {
    instanceId: volume.attachment?.instanceId ?? null,
    otherIds: (volume.others ?? []).map((one) => one.instanceId),
    sizeGiB: target.sizeGiB,
    limits: volumeLimits(target),
    keys: await volumeKeys(app, volume),
  })
  await app.store.transact(async (tx) => {
    const now = await tx.get('volume', id)
    if (now?.modification?.startedAt !== modification.startedAt) return
    const ended = { ...modification, state: 'completed' as const, endedAt: app.clock.now() }
    await tx.update('volume', { ...now, ...target, modification: ended })
  })
  app.log.info({ volume: id, ...target }, 'volume modified')
}

async function remove(app: App, volume: Volume): Promise<void> {
  const reference = { name: 'volume', value: volume.id }
  const snapshots = await app.store.list('snapshot', { reference })
  // Taken first: what was asked of the volume before its end is still done.
  if (snapshots.some((one) => one.state === 'pending')) return app.activate('snapshots')
  // The file goes first: a record without a file is retried, a file without a record is lost.
  for (const host of app.hosts) await host.agent.volumeDelete(volume.id)
  await app.store.transact(async (tx) => {
    const now = await tx.get('volume', volume.id)
    if (now) await tx.remove('volume', now)
  })
  app.activate('layers')
}

/** Whether there is what its file is made upon: for a copy, once the point in time is fixed. */
function hasGround({ copyOf }: Volume): boolean {
  return !copyOf || copyOf.state === 'taken'
}

async function materialise(app: App, volume: Volume): Promise<void> {
  const [host] = app.hosts
  if (!host) return
  await host.agent.volumeEnsure({
    volumeId: volume.id,
    sizeGiB: volume.sizeGiB,
    source: sourceOf(volume),
    keys: await volumeKeys(app, volume),
    isCopied: volume.isCopied ?? false,
  })
  await app.store.transact(async (tx) => {
    const now = await tx.get('volume', volume.id)
    if (now) await tx.update('volume', volumeMaterialised(now))
  })
  app.activate('rootTasks')
}
