/** Exports: each is asked of the host once; a crash of ours asks again, and a file that is there is done. */
import { exportFileOf, type ExportTask } from '../../domain/export-task.ts'
import { FaultError } from '../../domain/faults.ts'
import type { Snapshot } from '../../domain/image.ts'
import { present } from '../../lib/assert.ts'
import type { App } from '../context.ts'
import { rootSnapshot } from '../exports/tasks.ts'

const FORMATS = { VMDK: 'vmdk', RAW: 'raw', VHD: 'vpc' } as const

export function createExportsReconciler(app: App): (signal: AbortSignal) => Promise<void> {
  const working = new Set<string>()
  const work = async (task: ExportTask, signal: AbortSignal): Promise<void> => {
    working.add(task.id)
    try {
      await run(app, task).catch(async (err: unknown) => {
        if (!(err instanceof FaultError)) throw err
        await end(app, task, 'deleted', 'what it exports is gone')
      })
    } catch (err) {
      // Nobody waits for it: the end, too, is tried again with the next look.
      if (!signal.aborted) app.log.warn({ err, task: task.id }, 'export not done yet')
    } finally {
      working.delete(task.id)
    }
  }
  return async (signal) => {
    const reference = { name: 'unfinished', value: 'yes' }
    for (const task of await app.store.list('exportTask', { reference })) {
      if (!working.has(task.id)) void work(task, signal)
    }
  }
}

async function run(app: App, task: ExportTask): Promise<void> {
  const snapshot = await snapshotOf(app, task)
  if (!snapshot) return end(app, task, 'deleted', 'what it exports is gone')
  if (snapshot.state === 'error') return end(app, task, 'deleted', snapshot.stateMessage ?? '')
  // Being taken for it: whoever takes it wakes us.
  if (snapshot.state === 'pending') return app.activate('snapshots')
  const { id, source } = snapshot
  await present(app.hosts[0], 'a host').agent.contentExport({
    source: 'layerId' in source ? source : { imageId: id, ...source },
    keys: null,
    format: FORMATS[task.format],
    file: exportFileOf(task),
    appliance: applianceOf(task),
  })
  await end(app, task, 'completed', null)
  app.log.info({ task: task.id, file: exportFileOf(task) }, 'image exported')
}

async function snapshotOf(app: App, task: ExportTask): Promise<Snapshot | undefined> {
  if (task.instance) return app.store.get('snapshot', task.instance.snapshotId)
  const image = await app.store.get('image', task.imageId)
  return image && rootSnapshot(app.store, image)
}

function applianceOf({ id, instance }: ExportTask) {
  if (!instance?.isAppliance) return null
  return { name: id, vcpus: instance.vcpus, memoryMiB: instance.memoryMiB }
}

async function end(
  app: App,
  { id }: ExportTask,
  state: 'completed' | 'deleted',
  statusMessage: string | null,
): Promise<void> {
  await app.store.transact(async (tx) => {
    const task = await tx.get('exportTask', id)
    if (task?.state !== 'active') return
    await tx.update('exportTask', { ...task, state, statusMessage })
    // Taken for it alone.
    const snapshot = task.instance && (await tx.get('snapshot', task.instance.snapshotId))
    if (snapshot) await tx.remove('snapshot', snapshot)
  })
  app.activate('layers')
}
