/**
 * Image folders become AMIs: every folder under BRUME_HOME/images with a manifest is registered once, with an id
 * derived from its content, so that the same image has the same id after a new start and on every host.
 */
import { createHash } from 'node:crypto'
import { LAUNCH_PORT_VERSION, type ImageManifest } from '../../domain/image-manifest.ts'
import type { ImageId, SnapshotId } from '../../domain/ids.ts'
import type { App } from '../context.ts'
import { fastLaunchWanted } from './fast-launch.ts'

/** The account that publishes AWS's own images; `describe-images --owners amazon` finds them by its alias. */
export const AMAZON_ACCOUNT = '137112412989'

/** Built or pulled images are everybody's; what a user added belongs to the account. */
export interface ImageToRegister {
  manifest: ImageManifest
  /** Relative to BRUME_HOME/images. */
  imageFolder: string
  owner: { type: 'amazon' } | { type: 'account'; account: string; region: string }
}

const GIB = 1024 ** 3

/**
 * Registers those that are not yet; returns the ids of all. Idempotent. One that its owner deregistered stays so,
 * unless somebody asks for it again (`isAskedFor`): a new start of the daemon does not.
 */
export async function imagesRegister(
  app: App,
  images: readonly ImageToRegister[],
  { isAskedFor = false } = {},
): Promise<ImageId[]> {
  const ids: ImageId[] = []
  for (const image of images) ids.push(await register(app, image, isAskedFor))
  return ids
}

async function register(app: App, image: ImageToRegister, isAskedFor: boolean): Promise<ImageId> {
  const { manifest, owner } = image
  const account = owner.type === 'amazon' ? AMAZON_ACCOUNT : owner.account
  const region = owner.type === 'amazon' ? '*' : owner.region
  const digest = createHash('sha256')
    .update(`${account}/${region}/${manifest.name}/${manifest.version}/${manifest.contentHash}`)
    .digest('hex')
  const imageId = `ami-${digest.slice(0, 17)}` as ImageId
  const snapshotId = `snap-${digest.slice(17, 34)}` as SnapshotId
  await app.store.transact(async (tx) => {
    const known = await tx.get('image', imageId)
    if (known) {
      const isRevived = isAskedFor && known.deregisteredAt !== null
      if (isRevived) await tx.update('image', { ...known, deregisteredAt: null })
      return
    }
    const now = app.clock.now()
    const base = { account, region, generation: 0, createdAt: now, tags: {} }
    const sizeGiB = Math.max(1, Math.ceil(manifest.disk.virtualSizeBytes / GIB))
    const isPublic = owner.type === 'amazon'
    await tx.insert('snapshot', {
      ...base,
      id: snapshotId,
      description: `Created for ${manifest.name} ${manifest.version}`,
      sizeGiB,
      source: { imageFolder: image.imageFolder, file: manifest.disk.file },
      // EC2 shows this id for the snapshots of images that it copied.
      volumeId: 'vol-ffffffff',
      ownerAlias: isPublic ? 'amazon' : null,
      isPublic,
    })
    await tx.insert('image', {
      ...base,
      id: imageId,
      name: imageNameOf(manifest),
      description: manifest.description,
      ownerAlias: isPublic ? 'amazon' : null,
      isPublic,
      architecture: manifest.architecture,
      platform: null,
      rootDeviceName: manifest.rootDeviceName,
      blockDevices: [
        {
          deviceName: manifest.rootDeviceName,
          snapshotId,
          sizeGiB,
          type: 'gp3',
          iops: null,
          throughputMiBps: null,
          deleteOnTermination: true,
          isEncrypted: false,
        },
      ],
      bootMode: bootModeOf(manifest),
      imageFolder: image.imageFolder,
      defaultUser: manifest.defaultUser,
      imdsSupport: null,
      deregisteredAt: null,
      deprecatedAt: null,
      launchPermissions: [],
      family: manifest.name,
      isFreezable: manifest.launchPort?.version === LAUNCH_PORT_VERSION,
      // Everybody's images are pristine, so everybody's machines may be copies of the same memory.
      fastLaunch:
        isPublic && manifest.launchPort?.version === LAUNCH_PORT_VERSION
          ? fastLaunchWanted(now)
          : null,
    })
    app.log.info({ image: imageId, name: manifest.name }, 'image registered')
  })
  app.activate('templates')
  return imageId
}

/** One whose kernel is handed over starts without firmware's help; RegisterImage makes a UEFI image of its snapshot. */
function bootModeOf(manifest: ImageManifest): 'legacy-bios' | 'uefi' | 'uefi-preferred' {
  if (manifest.boot.kernel) return 'legacy-bios'
  const firmware = manifest.boot.firmware ?? []
  if (firmware.includes('bios')) return firmware.includes('uefi') ? 'uefi-preferred' : 'legacy-bios'
  return firmware.includes('uefi') ? 'uefi' : 'legacy-bios'
}

/** As their makers name them: `debian-12-amd64-20261116-…`, `brume-tiny-20261116-…`. */
function imageNameOf(manifest: ImageManifest): string {
  const architecture = manifest.architecture === 'arm64' ? 'arm64' : 'amd64'
  return manifest.name === 'tiny'
    ? `brume-tiny-${manifest.version}`
    : `${manifest.name}-${architecture}-${manifest.version}`
}
