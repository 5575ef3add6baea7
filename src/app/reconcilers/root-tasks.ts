/**
 * Root volumes that are being replaced: once the new one is there it takes the old one's place, and the instance's
 * intent asks for a machine that begins anew; once that runs, the old one is let go of. A machine that does not come up
 * with the new one gets the old one back. Each step is one transaction, so a crash repeats or finds it done.
 */
import type { Instance } from '../../domain/instance.ts'
import type { RootTask } from '../../domain/root-task.ts'
import type { Volume } from '../../domain/volume.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { App } from '../context.ts'

export async function rootTasksReconcile(app: App, signal: AbortSignal): Promise<void> {
  const reference = { name: 'unfinished', value: 'yes' }
  for (const { id } of await app.store.list('rootTask', { reference })) {
    signal.throwIfAborted()
    const after = await app.store.transact((tx) => advance(app, tx, id))
    if (!after) continue
    app.log.info({ task: after.id, instance: after.instanceId, state: after.state }, 'root volume')
    app.activate('instances')
    app.activate('volumes')
  }
}

/** The task after its next step; undefined: there is none to make yet. */
async function advance(app: App, tx: StoreTransaction, id: string): Promise<RootTask | undefined> {
  const task = await tx.get('rootTask', id)
  if (!task) return undefined
  const [instance, old, made] = [
    await tx.get('instance', task.instanceId),
    await tx.get('volume', task.oldVolumeId),
    await tx.get('volume', task.newVolumeId),
  ]
  const isGone = !instance || instance.intended.state === 'terminated' || !made || !old
  if (isGone) return fail(app, tx, task, made)
  if (task.state === 'pending') {
    if (!made.isMaterialised) return undefined
    // It was stopped meanwhile, or its root was taken: nothing has changed yet.
    const isStill = instance.intended.state === 'running' && old.attachment?.state === 'attached'
    return isStill ? swap(tx, task, instance, old, made) : fail(app, tx, task, made)
  }
  if (instance.observedSerial < (task.serial ?? 0)) return undefined
  const seen = instance.observed?.state
  const isDead = instance.observed?.stopReason === 'start-failed'
  if (isDead) return restore(app, tx, task, instance, old, made)
  // Between its two runs it is seen to be stopped, too.
  const isStopped = seen === 'stopped' && instance.intended.state === 'stopped'
  if (seen !== 'running' && seen !== 'paused' && !isStopped) return undefined
  const intended = task.isOldDeleted ? 'absent' : old.intended
  await tx.update('volume', { ...old, attachment: null, intended })
  return tx.update('rootTask', { ...task, state: 'succeeded', completedAt: app.clock.now() })
}

async function swap(
  tx: StoreTransaction,
  task: RootTask,
  instance: Instance,
  old: Volume,
  made: Volume,
): Promise<RootTask> {
  const { intended, spec } = instance
  const serial = intended.serial + 1
  const attachment = old.attachment!
  // Its process has the file open until the machine has begun anew.
  await tx.update('volume', { ...old, attachment: { ...attachment, state: 'replaced' } })
  await tx.update('volume', { ...made, attachment: { ...attachment, state: 'attached' } })
  await tx.update('instance', {
    ...instance,
    spec: { ...spec, imageFolder: task.bootFolder.new },
    intended: { ...intended, serial, restartSerial: (intended.restartSerial ?? 0) + 1 },
  })
  return tx.update('rootTask', { ...task, state: 'in-progress', serial })
}

/** Nothing came of it: the new volume goes. */
async function fail(
  app: App,
  tx: StoreTransaction,
  task: RootTask,
  made: Volume | undefined,
): Promise<RootTask> {
  if (made) await tx.update('volume', { ...made, attachment: null, intended: 'absent' })
  return tx.update('rootTask', { ...task, state: 'failed', completedAt: app.clock.now() })
}

/** The machine did not start: it is stopped by now, and has its old root volume again. */
async function restore(
  app: App,
  tx: StoreTransaction,
  task: RootTask,
  instance: Instance,
  old: Volume,
  made: Volume,
): Promise<RootTask> {
  await tx.update('volume', { ...made, attachment: null, intended: 'absent' })
  const attachment = old.attachment && { ...old.attachment, state: 'attached' as const }
  await tx.update('volume', { ...old, attachment })
  const spec = { ...instance.spec, imageFolder: task.bootFolder.old }
  await tx.update('instance', { ...instance, spec })
  return tx.update('rootTask', { ...task, state: 'failed', completedAt: app.clock.now() })
}
