/**
 * Builds the `tiny` image: busybox, dropbear and Debian's cloud kernel, from packages that this host's apt fetches
 * and verifies. No root, no mounts; the same packages and the same guest files give the same bytes.
 */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import {
  IMAGE_MANIFEST_FORMAT,
  LAUNCH_PORT_VERSION,
  imageVersion,
  type ImageManifest,
} from '../domain/image-manifest.ts'
import { present } from '../lib/assert.ts'
import { exec } from '../lib/exec.ts'
import { openApt } from './apt.ts'
import { AWAKEN_PATH, awakenProgram } from './awaken.ts'
import { CLOCK_PATH, clockProgram } from './clock.ts'
import { makeExt4 } from './ext4.ts'
import { unpackedPackages } from './packages.ts'
import { report, type ImageTaskOptions } from './progress.ts'
import { describeFiles, openWorkFolder, publishImage, type StoredImage } from './store.ts'
import * as tiny from './tiny-contents.ts'
import {
  appletEntries,
  GUEST_FOLDER,
  SHARED_FOLDER,
  guestEntries,
  libraryEntries,
  moduleEntries,
  programEntries,
  readTinyKernel,
  tinyInitramfs,
} from './tiny-files.ts'
import { completeTree, hashTree, sha256, type TreeEntry } from './tree.ts'

interface TinyParts {
  tree: TreeEntry[]
  initrd: Buffer
  kernel: Buffer
  kernelRelease: string
  heedsGenerationId: boolean
  timeSeconds: number
  contentHash: string
  sources: ImageManifest['sources']
}

export async function buildTiny(options: ImageTaskOptions): Promise<StoredImage> {
  const work = await openWorkFolder(options.outputFolder)
  try {
    const parts = await tinyParts(join(work, 'packages'), options)
    const version = imageVersion(parts.timeSeconds * 1000, parts.contentHash)
    report(options, 'disk', 0.7, `writing the disk of tiny ${version}`)
    const output = join(work, 'image')
    await mkdir(output)
    await writeFile(join(output, 'initrd'), parts.initrd)
    await writeFile(join(output, 'kernel'), parts.kernel)
    await writeDisk(
      withVersion(parts.tree, version),
      parts.timeSeconds,
      work,
      output,
      options.signal,
    )
    const manifest: ImageManifest = {
      format: IMAGE_MANIFEST_FORMAT,
      name: 'tiny',
      version,
      contentHash: parts.contentHash,
      description: `Brume tiny: busybox, dropbear, Debian's cloud kernel ${parts.kernelRelease}`,
      architecture: 'x86_64',
      disk: { file: 'disk.qcow2', format: 'qcow2', virtualSizeBytes: tiny.TINY_DISK_BYTES },
      boot: { kernel: { kernel: 'kernel', initrd: 'initrd', append: tiny.TINY_APPEND } },
      rootDeviceName: '/dev/xvda',
      defaultUser: 'ec2-user',
      launchPort: {
        version: LAUNCH_PORT_VERSION,
        hostKeys: 'dropbear',
        canRehearse: true,
        heedsGenerationId: parts.heedsGenerationId,
      },
      files: await describeFiles(output, ['disk.qcow2', 'kernel', 'initrd'], options.signal),
      sources: parts.sources,
    }
    report(options, 'publish', 0.95, 'making it durable')
    const stored = await publishImage(options.outputFolder, output, manifest, options.signal)
    report(options, 'done', 1, `tiny ${version}`)
    return stored
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function tinyParts(packageFolder: string, options: ImageTaskOptions): Promise<TinyParts> {
  report(options, 'packages', 0, 'finding packages')
  const apt = await openApt(options, tiny.TINY_KERNEL_PACKAGE)
  const dependencies = await apt.dependencies(tiny.TINY_KERNEL_PACKAGE)
  const kernelPackage = present(
    dependencies.find((name) => name.startsWith('linux-image-')),
    `a kernel behind ${tiny.TINY_KERNEL_PACKAGE}`,
  )
  const packages = unpackedPackages(apt, packageFolder, options)
  await packages.add([kernelPackage, ...Object.keys(tiny.TINY_PROGRAMS)])
  report(options, 'files', 0.5, 'choosing files')
  const programs = await programEntries(packages)
  const libraries = await libraryEntries(packages, apt, programs)
  const kernel = await readTinyKernel(packages.folderOf(kernelPackage))
  const busybox = join(packages.folderOf('busybox-static'), 'bin/busybox')
  const tree = completeTree([
    ...tiny.TINY_SKELETON,
    ...(await appletEntries(busybox)),
    ...libraries,
    ...programs,
    ...moduleEntries(kernel, tiny.TINY_MODULES),
    ...(await guestEntries(join(GUEST_FOLDER, 'rootfs'))),
    ...(await guestEntries(SHARED_FOLDER)),
    { path: AWAKEN_PATH, type: 'file', mode: 0o755, data: awakenProgram() },
    { path: CLOCK_PATH, type: 'file', mode: 0o755, data: clockProgram() },
  ])
  const timeSeconds = await packages.newestSeconds()
  const initrd = await tinyInitramfs(kernel, programs, timeSeconds)
  const contentHash = sha256(
    JSON.stringify([hashTree(tree), sha256(initrd), sha256(kernel.image), tiny.TINY_APPEND]),
  )
  return {
    tree,
    initrd,
    timeSeconds,
    contentHash,
    kernel: kernel.image,
    kernelRelease: kernel.release,
    heedsGenerationId: kernel.heedsGenerationId,
    sources: packages.sources(),
  }
}

/** The version is made of the content, so it can only be told to the guest afterwards. */
function withVersion(tree: readonly TreeEntry[], version: string): TreeEntry[] {
  return tree.map((entry) =>
    entry.type === 'file' && entry.path === 'etc/os-release'
      ? { ...entry, data: Buffer.concat([entry.data, Buffer.from(`VERSION_ID=${version}\n`)]) }
      : entry,
  )
}

async function writeDisk(
  tree: readonly TreeEntry[],
  timeSeconds: number,
  work: string,
  output: string,
  signal?: AbortSignal,
): Promise<void> {
  const raw = join(work, 'disk.raw')
  const entries = join(work, 'entries')
  await mkdir(entries)
  await makeExt4(
    {
      sizeBytes: tiny.TINY_DISK_BYTES,
      uuid: tiny.TINY_DISK_UUID,
      label: tiny.TINY_DISK_LABEL,
      timeSeconds,
      inodeCount: 4096,
      journalMiB: 8,
    },
    tree,
    raw,
    entries,
    signal,
  )
  await exec('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, join(output, 'disk.qcow2')], {
    signal,
  })
}
