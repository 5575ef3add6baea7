/**
 * Making images on this host, one at a time, and registering them: built from packages, pulled from their makers, or
 * added from a file. Also run at the start, for folders that appeared while the daemon was away.
 */
import { basename, extname, join, relative } from 'node:path'
import type { ImageJob, ImageJobs, ImageListing } from '../api/host-api.ts'
import type { RunningApp } from '../app/app.ts'
import { imagesRegister, type ImageToRegister } from '../app/images/register.ts'
import { FaultError, invalidValue } from '../domain/faults.ts'
import type { FastLaunch } from '../domain/image.ts'
import { IMAGE_CATALOGUE } from '../images/catalogue.ts'
import type { ImageProgress } from '../images/progress.ts'
import { listImages, type StoredImage } from '../images/store.ts'
import { spawnHelper } from '../lib/exec.ts'
import { createKeyedMutex } from '../lib/mutex.ts'
import type { Home } from './home.ts'
import type { ImageWorkerJob, ImageWorkerMessage } from './image-worker.ts'

interface Buildable {
  description: string
  defaultUser: string
}

const BUILDABLE: Readonly<Record<string, Buildable>> = {
  tiny: {
    description: 'The smallest Linux that is a proper EC2 guest, built here in seconds',
    defaultUser: 'ec2-user',
  },
  'debian-12': {
    description: 'Debian 12 (bookworm) with systemd and cloud-init, built here from its packages',
    defaultUser: 'admin',
  },
}

/** Everybody's images; a user cannot give an image of their own such a name. */
function isPublicName(name: string): boolean {
  return Object.hasOwn(BUILDABLE, name) || IMAGE_CATALOGUE.some((entry) => entry.name === name)
}

/** Registers every image folder that is there. */
export async function imagesScan(home: Home, app: RunningApp, account: string): Promise<void> {
  const stored = await listImages(home.images)
  await imagesRegister(
    app,
    stored.map((image) => toRegister(home, image, account)),
  )
}

function toRegister(home: Home, image: StoredImage, account: string): ImageToRegister {
  const { manifest } = image
  const isEverybodys = isPublicName(manifest.name)
  return {
    manifest,
    imageFolder: relative(home.images, image.folder),
    owner: isEverybodys ? { type: 'amazon' } : { type: 'account', account, region: '*' },
  }
}

export function createImageJobs(home: Home, app: RunningApp): ImageJobs {
  const building = new Set<string>()
  const mutex = createKeyedMutex()
  return {
    list: async (account) => listImagesOf(app, account, building, await sizesOf(home)),
    run: (account, job, onProgress, signal) =>
      mutex.run('one image at a time', async () => {
        building.add(job.name)
        try {
          const stored = await runWorker(home, checked(job), onProgress, signal)
          const [imageId] = await imagesRegister(app, [toRegister(home, stored, account)], {
            isAskedFor: true,
          })
          return { imageId: imageId! }
        } finally {
          building.delete(job.name)
        }
      }),
  }
}

function checked(job: ImageJob): ImageJob {
  if (job.operation !== 'add') return job
  if (job.path === null) throw invalidValue('path', 'none', 'the file of the image is needed')
  if (!isPublicName(job.name)) return job
  throw invalidValue('name', job.name, 'is the name of a public image')
}

/** One job in a process of its own (image-worker.ts). */
function runWorker(
  home: Home,
  job: ImageJob,
  onProgress: (progress: ImageProgress) => void,
  signal: AbortSignal,
): Promise<StoredImage> {
  return new Promise((resolve, reject) => {
    const script = join(import.meta.dirname, `image-worker${extname(import.meta.filename)}`)
    const worker = spawnHelper(process.execPath, [script])
    const leave = (): void => {
      if (worker.connected) worker.disconnect()
    }
    const order: ImageWorkerJob = { job, cacheFolder: home.cache, outputFolder: home.images }
    worker.once('spawn', () => worker.send(order))
    worker.on('message', (message: ImageWorkerMessage) => {
      if (message.type === 'progress') return onProgress(message.progress)
      if (message.type === 'done') return resolve(message.image)
      reject(message.fault ? new FaultError(message.fault) : new Error(message.message))
    })
    worker.once('error', reject)
    worker.once('close', (code) => {
      signal.removeEventListener('abort', leave)
      reject(new Error(`making the image ended early (status ${code})`))
    })
    signal.addEventListener('abort', leave, { once: true })
    if (signal.aborted) leave()
  })
}

/** Bytes on disk by image folder. */
async function sizesOf(home: Home): Promise<Map<string, number>> {
  const stored = await listImages(home.images)
  return new Map(
    stored.map(({ folder, manifest }) => [
      relative(home.images, folder),
      manifest.files.reduce((sum, file) => sum + file.sizeBytes, 0),
    ]),
  )
}

const LISTED: Readonly<Record<FastLaunch['state'], ImageListing['fastLaunch']>> = {
  enabling: 'building',
  'enabling-failed': 'failed',
  enabled: 'ready',
  'enabled-failed': 'failed',
  disabling: null,
  'disabling-failed': 'failed',
}

/** What can be made, what is there, newest version of each. */
async function listImagesOf(
  app: RunningApp,
  account: string,
  building: ReadonlySet<string>,
  sizes: ReadonlyMap<string, number>,
): Promise<ImageListing[]> {
  const images = (await app.store.list('image', {}))
    .filter((image) => image.deregisteredAt === null)
    .filter((image) => image.isPublic || image.account === account)
    .sort((a, b) => b.createdAt - a.createdAt)
  const listing = (
    name: string,
    kind: ImageListing['kind'],
    about: { description: string; defaultUser: string },
  ): ImageListing => {
    const newest = images.find((image) => image.family === name)
    return {
      name,
      kind,
      status: building.has(name) ? 'building' : newest ? 'registered' : 'available',
      imageId: newest?.id ?? null,
      version: newest?.imageFolder ? basename(newest.imageFolder) : null,
      sizeBytes: newest?.imageFolder ? (sizes.get(newest.imageFolder) ?? null) : null,
      description: about.description,
      defaultUser: newest?.defaultUser ?? about.defaultUser,
      fastLaunch: newest?.fastLaunch ? LISTED[newest.fastLaunch.state] : null,
    }
  }
  const added = new Map(
    images.filter((image) => !isPublicName(image.family)).map((image) => [image.family, image]),
  )
  return [
    ...Object.entries(BUILDABLE).map(([name, about]) => listing(name, 'built', about)),
    ...IMAGE_CATALOGUE.map((entry) => listing(entry.name, 'official', entry)),
    ...[...added].map(([name, about]) => listing(name, 'added', about)),
  ]
}
