/** Fetches an official cloud image of the catalogue: checksum list, verified download, conversion. */
import { FaultError } from '../domain/faults.ts'
import { addImage } from './add.ts'
import { chooseFromChecksums, type CatalogueEntry } from './catalogue.ts'
import { downloadVerified, fetchText, type DownloadLimits } from './download.ts'
import { report, type ImageTaskOptions } from './progress.ts'
import { imageVerify, listImages, type StoredImage } from './store.ts'

export interface PullImageOptions extends ImageTaskOptions {
  entry: CatalogueEntry
  limits?: Partial<DownloadLimits>
}

const CHECKSUMS_BYTES_MAX = 1024 * 1024
const CHECKSUMS_TIMEOUT_MS = 30_000

/** An image that is here already, of the very file the vendor offers now, is answered at once. */
export async function pullImage(options: PullImageOptions): Promise<StoredImage> {
  const { entry } = options
  report(options, 'checksums', 0, `asking for the latest ${entry.name}`)
  const timeoutMs = options.limits?.stallMs ?? CHECKSUMS_TIMEOUT_MS
  const list = await fetchText(entry.checksumsUrl, CHECKSUMS_BYTES_MAX, timeoutMs, options.signal)
  const { file, checksum } = chooseFromChecksums(entry, list.text)
  const url = new URL(file, list.url)
  if (url.origin !== new URL(list.url).origin) {
    throw new FaultError({
      type: 'InvalidValue',
      parameter: 'checksum list',
      value: file,
      reason: 'not a file name',
    })
  }
  const present = await findPulled(options, url.href, checksum)
  if (present) {
    report(options, 'done', 1, `${entry.name} is up to date`)
    return present
  }
  const path = await downloadVerified(
    { url: url.href, checksum, algorithm: entry.checksumAlgorithm, limits: options.limits },
    options,
  )
  return addImage({
    ...options,
    file: path,
    name: entry.name,
    description: `${entry.description} (${file})`,
    architecture: entry.architecture,
    defaultUser: entry.defaultUser,
    url: `${url.href}#${entry.checksumAlgorithm}=${checksum}`,
  })
}

async function findPulled(
  options: PullImageOptions,
  url: string,
  checksum: string,
): Promise<StoredImage | undefined> {
  const origin = `${url}#${options.entry.checksumAlgorithm}=${checksum}`
  const found = (await listImages(options.outputFolder)).find(
    ({ manifest }) => manifest.name === options.entry.name && manifest.origin?.url === origin,
  )
  return found && (await imageVerify(found.folder, options.signal)).isIntact ? found : undefined
}
