/** Exports: each is asked of the host once; a crash of ours asks again, and a file that is there is done. */
import { exportFileOf, type ExportTask } from '../../domain/export-task.ts'
import { FaultError } from '../../domain/faults.ts'
import { present } from '../../lib/assert.ts'
import type { App } from '../context.ts'
import { rootSnapshot } from '../exports/tasks.ts'

const FORMATS = { VMDK: 'vmdk', RAW: 'raw', VHD: 'vpc' } as const

export function createExportsReconciler(app: App): (signal: AbortSignal) => Promise<void> {
  const working = new Set<string>()
  const work = async (task: ExportTask, signal: AbortSignal): Promise<void> => {
    working.add(task.id)
    try {
      await run(app, task)
    } catch (err) {
      if (err instanceof FaultError) await end(app, task.id, 'deleted', 'the image is gone')
      else if (!signal.aborted) app.log.warn({ err, task: task.id }, 'export not done yet')
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
  const image = await app.store.get('image', task.imageId)
  if (!image) return end(app, task.id, 'deleted', 'the image is gone')
  const { id, source } = await rootSnapshot(app.store, image)
  await present(app.hosts[0], 'a host').agent.contentExport({
    source: 'layerId' in source ? source : { imageId: id, ...source },
    keys: null,
    format: FORMATS[task.format],
    file: exportFileOf(task),
  })
  await end(app, task.id, 'completed', null)
  app.log.info({ task: task.id, file: exportFileOf(task) }, 'image exported')
}

async function end(
  app: App,
  id: string,
  state: 'completed' | 'deleted',
  statusMessage: string | null,
): Promise<void> {
  await app.store.transact(async (tx) => {
    const task = await tx.get('exportTask', id)
    if (task?.state === 'active') await tx.update('exportTask', { ...task, state, statusMessage })
  })
}
