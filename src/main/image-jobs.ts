/**
 * Making images on this host, one at a time, and registering them: built from packages, pulled from their makers, or
 * added from a file. Also run at the start, for folders that appeared while the daemon was away.
 */
import { basename, relative } from 'node:path'
import type { ImageJob, ImageJobs, ImageListing } from '../api/host-api.ts'
import type { RunningApp } from '../app/app.ts'
import { imagesRegister, type ImageToRegister } from '../app/images/register.ts'
import { invalidValue } from '../domain/faults.ts'
import { buildTiny } from '../images/build-tiny.ts'
import type { ImageTaskOptions } from '../images/progress.ts'
import { listImages, type StoredImage } from '../images/store.ts'
import { createKeyedMutex } from '../lib/mutex.ts'
import type { Home } from './home.ts'

interface Buildable {
  description: string
  defaultUser: string
  build(options: ImageTaskOptions): Promise<StoredImage>
}

const BUILDABLE: Readonly<Record<string, Buildable>> = {
  tiny: {
    description: 'The smallest Linux that is a proper EC2 guest, built here in seconds',
    defaultUser: 'ec2-user',
    build: buildTiny,
  },
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
  const isEverybodys = manifest.name in BUILDABLE
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
    list: async () => {
      const images = await app.store.list('image', {})
      const listings: ImageListing[] = []
      for (const [name, { description, defaultUser }] of Object.entries(BUILDABLE)) {
        const newest = images
          .filter((image) => image.family === name && image.deregisteredAt === null)
          .sort((a, b) => b.createdAt - a.createdAt)[0]
        listings.push({
          name,
          kind: 'built',
          status: building.has(name) ? 'building' : newest ? 'registered' : 'available',
          imageId: newest?.id ?? null,
          version: newest ? basename(newest.imageFolder) : null,
          sizeBytes: null,
          description,
          defaultUser,
        })
      }
      return listings
    },
    run: (account, job, onProgress, signal) =>
      mutex.run('one image at a time', async () => {
        building.add(job.name)
        try {
          const options = { cacheFolder: home.cache, outputFolder: home.images, onProgress, signal }
          const stored = await perform(job, options)
          const [imageId] = await imagesRegister(app, [toRegister(home, stored, account)])
          return { imageId: imageId! }
        } finally {
          building.delete(job.name)
        }
      }),
  }
}

function perform(job: ImageJob, options: ImageTaskOptions): Promise<StoredImage> {
  const buildable = BUILDABLE[job.name]
  if (job.operation === 'build' && buildable) return buildable.build(options)
  const names = Object.keys(BUILDABLE).join(', ')
  throw invalidValue('name', job.name, `cannot be built here; these can: ${names}`)
}
