/**
 * Makes one image in a process of its own: builds hold hundreds of megabytes for a while and keep a processor busy,
 * and neither should be the daemon's. Told what to do by IPC; answers with progress, then with the folder.
 */
import type { ImageJob } from '../api/host-api.ts'
import { FaultError, invalidValue, type Fault } from '../domain/faults.ts'
import { addImage } from '../images/add.ts'
import { buildDebian12 } from '../images/build-debian.ts'
import { buildTiny } from '../images/build-tiny.ts'
import { catalogueEntry } from '../images/catalogue.ts'
import type { ImageProgress, ImageTaskOptions } from '../images/progress.ts'
import { pullImage } from '../images/pull.ts'
import type { StoredImage } from '../images/store.ts'

export interface ImageWorkerJob {
  job: ImageJob
  cacheFolder: string
  outputFolder: string
}

export type ImageWorkerMessage =
  | { type: 'progress'; progress: ImageProgress }
  | { type: 'done'; image: StoredImage }
  | { type: 'failed'; message: string; fault: Fault | null }

const BUILDERS: Readonly<Record<string, (options: ImageTaskOptions) => Promise<StoredImage>>> = {
  tiny: buildTiny,
  'debian-12': buildDebian12,
}

function perform(job: ImageJob, options: ImageTaskOptions): Promise<StoredImage> {
  const { operation, name, path } = job
  if (operation === 'pull') return pullImage({ ...options, entry: catalogueEntry(name) })
  if (operation === 'add') return addImage({ ...options, file: path!, name })
  const build = Object.hasOwn(BUILDERS, name) ? BUILDERS[name] : undefined
  if (build) return build(options)
  const names = Object.keys(BUILDERS).join(', ')
  throw invalidValue('name', name, `cannot be built here; these can: ${names}`)
}

const send = (message: ImageWorkerMessage): void => void process.send?.(message)
const controller = new AbortController()
// The daemon ended or the client left: nothing is published half done.
process.once('disconnect', () => controller.abort(new Error('nobody waits for this image')))

process.once('message', (message: ImageWorkerJob) => {
  const { job, cacheFolder, outputFolder } = message
  const onProgress = (progress: ImageProgress): void => send({ type: 'progress', progress })
  const options = { cacheFolder, outputFolder, onProgress, signal: controller.signal }
  Promise.resolve()
    .then(() => perform(job, options))
    .then((image) => send({ type: 'done', image }))
    .catch((error: unknown) => {
      const fault = error instanceof FaultError ? error.fault : null
      const text = error instanceof Error ? error.message : String(error)
      send({ type: 'failed', message: text, fault })
    })
    .finally(() => {
      if (process.connected) process.disconnect?.()
    })
})
