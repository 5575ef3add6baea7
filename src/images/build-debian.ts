/**
 * Builds `debian-12`: Debian's own packages by mmdebstrap, systemd, cloud-init, sshd. The disk has a partition table
 * and GRUB, so it starts anywhere; kernel and initramfs lie beside it for direct boot, the faster way.
 * No loop devices and no mounts of ours. The version is made of the package versions and our files.
 */
import { mkdir, open, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import {
  IMAGE_MANIFEST_FORMAT,
  LAUNCH_PORT_VERSION,
  imageVersion,
  type ImageManifest,
} from '../domain/image-manifest.ts'
import { exec } from '../lib/exec.ts'
import { openApt } from './apt.ts'
import { awakenProgram } from './awaken.ts'
import * as debian from './debian-contents.ts'
import { hostDebianSources, sourceLines, type DebianSource } from './debian-sources.ts'
import { bootArea, PARTITION_START_BYTES } from './mbr.ts'
import { unpackedPackages } from './packages.ts'
import { report, type ImageTaskOptions } from './progress.ts'
import { describeFiles, openWorkFolder, publishImage, type StoredImage } from './store.ts'
import {
  guestEntries,
  programEntry,
  readTinyKernel,
  SHARED_FOLDER,
  tinyInitramfs,
} from './tiny-files.ts'
import { completeTree, hashTree, sha256 } from './tree.ts'

export interface DebianOptions extends ImageTaskOptions {
  /** A Debian mirror, when the host's apt knows none. */
  mirror?: string
}

const LAUNCH_PORT: ImageManifest['launchPort'] = {
  version: LAUNCH_PORT_VERSION,
  hostKeys: 'openssh',
  // Not `canRehearse` until test/long/debian-standby.test.ts has seen that nothing is left (decision 0064).
}
/** Two hundred packages over a slow line, installed on a busy machine. */
const BOOTSTRAP_TIMEOUT_MS = 60 * 60_000
const DISK_TIMEOUT_MS = 10 * 60_000

export async function buildDebian12(options: DebianOptions): Promise<StoredImage> {
  const work = await openWorkFolder(options.outputFolder)
  try {
    report(options, 'sources', 0, "reading this host's mirrors")
    const sources = await hostDebianSources(debian.DEBIAN_CODENAME, options.mirror, options.signal)
    const root = join(work, 'root')
    const packages = await bootstrap(root, work, sources, options)
    report(options, 'boot', 0.8, 'kernel, initramfs, boot loader')
    const output = join(work, 'image')
    await mkdir(output)
    const kernel = await bootFiles(root, output, work, options)
    const loaders = await efiPartition(work, kernel.timeSeconds, options)
    const contentHash = sha256(
      JSON.stringify([
        ...[packages, loaders, await guestHash(), debian.DEBIAN_APPEND, LAUNCH_PORT],
        sha256(await readFile(join(output, 'kernel'))),
      ]),
    )
    report(options, 'disk', 0.85, 'writing the disk')
    await writeDisk(root, work, join(output, 'disk.qcow2'), kernel.timeSeconds, options.signal)
    const manifest: ImageManifest = {
      format: IMAGE_MANIFEST_FORMAT,
      name: debian.DEBIAN_IMAGE,
      version: imageVersion(kernel.timeSeconds * 1000, contentHash),
      contentHash,
      description: `Debian 12 (bookworm), cloud-init, kernel ${kernel.release}`,
      architecture: 'x86_64',
      disk: { file: 'disk.qcow2', format: 'qcow2', virtualSizeBytes: debian.DEBIAN_DISK_BYTES },
      boot: {
        kernel: { kernel: 'kernel', initrd: 'initrd', append: debian.DEBIAN_APPEND },
        firmware: ['bios', 'uefi'],
      },
      rootDeviceName: '/dev/xvda',
      defaultUser: 'admin',
      launchPort: LAUNCH_PORT,
      files: await describeFiles(output, ['disk.qcow2', 'kernel', 'initrd'], options.signal),
      sources: [...packages, ...loaders],
    }
    report(options, 'publish', 0.97, 'making it durable')
    const stored = await publishImage(options.outputFolder, output, manifest, options.signal)
    report(options, 'done', 1, `${manifest.name} ${manifest.version}`)
    return stored
  } finally {
    await asGuestRoot(['rm', '-rf', join(work, 'root')]).catch(() => undefined)
    await rm(work, { recursive: true, force: true })
  }
}

/** Fills `root`; answers with what was installed. */
async function bootstrap(
  root: string,
  work: string,
  sources: readonly DebianSource[],
  options: DebianOptions,
): Promise<ImageManifest['sources']> {
  const list = join(work, 'sources.list')
  await writeFile(list, `${sourceLines(sources).join('\n')}\n`)
  const awaken = join(work, 'awaken')
  await writeFile(awaken, awakenProgram(), { mode: 0o755 })
  const mode = isRoot() ? 'root' : 'unshare'
  await exec(
    'mmdebstrap',
    debian.mmdebstrapArguments({ mode, root, list, guest: debian.DEBIAN_FOLDER }),
    {
      timeoutMs: BOOTSTRAP_TIMEOUT_MS,
      signal: options.signal,
      env: {
        ...process.env,
        LC_ALL: 'C.UTF-8',
        BRUME_GUEST_FILES: join(debian.DEBIAN_FOLDER, 'rootfs'),
        BRUME_SHARED_FILES: SHARED_FOLDER,
        BRUME_AWAKEN: awaken,
      },
      onLine: (line) => {
        const step = debian.bootstrapProgress(line)
        if (step) report(options, 'packages', step.fraction, step.detail)
      },
    },
  )
  const status = await readFile(join(root, 'var/lib/dpkg/status'), 'utf8')
  return debian.installedPackages(status)
}

async function bootFiles(
  root: string,
  output: string,
  work: string,
  options: DebianOptions,
): Promise<{ release: string; timeSeconds: number }> {
  const kernel = await readTinyKernel(root)
  // The same small initramfs as in `tiny`: it finds the root by its UUID and starts systemd, seconds sooner than a
  // general one. GRUB uses Debian's.
  const apt = await openApt(options, 'busybox-static')
  const packages = unpackedPackages(apt, join(work, 'packages'), options)
  await packages.add(['busybox-static'])
  const busybox = await programEntry(packages, 'busybox-static', 'usr/bin/busybox')
  const timeSeconds = kernel.timeSeconds
  await writeFile(join(output, 'kernel'), kernel.image)
  await writeFile(join(output, 'initrd'), await tinyInitramfs(kernel, [busybox], timeSeconds))
  return { release: kernel.release, timeSeconds }
}

/** Writes `esp.img`: what UEFI starts. Answers with the packages that it was made of. */
async function efiPartition(
  work: string,
  timeSeconds: number,
  options: DebianOptions,
): Promise<ImageManifest['sources']> {
  const names = debian.EFI_LOADERS.map((one) => one.package)
  const apt = await openApt(options, names[0]!)
  const packages = unpackedPackages(apt, join(work, 'efi-packages'), options)
  await packages.add(names)
  const tree = join(work, 'esp')
  const put = async (to: string, data: Buffer | string): Promise<void> => {
    await mkdir(dirname(join(tree, to)), { recursive: true })
    await writeFile(join(tree, to), data)
    await utimes(join(tree, to), timeSeconds, timeSeconds)
  }
  for (const { package: name, file, to } of debian.EFI_LOADERS) {
    const entry = await programEntry(packages, name, file)
    await put(to, entry.type === 'file' ? entry.data : '')
  }
  await put(debian.EFI_GRUB_CONFIG.to, debian.EFI_GRUB_CONFIG.text)
  const image = join(work, 'esp.img')
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(timeSeconds), MTOOLS_SKIP_CHECK: '1' }
  const { signal } = options
  await exec('mkfs.vfat', debian.mkfatArguments(image), { signal, env: withSbin(env) })
  await exec('mcopy', ['-s', '-m', '-i', image, join(tree, 'EFI'), '::/'], { signal, env })
  return packages.sources()
}

function withSbin(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${env['PATH']}:/usr/sbin:/sbin` }
}

async function writeDisk(
  root: string,
  work: string,
  output: string,
  timeSeconds: number,
  signal?: AbortSignal,
): Promise<void> {
  const raw = join(work, 'disk.raw')
  const core = join(work, 'core.img')
  const config = join(work, 'early.cfg')
  await writeFile(config, debian.GRUB_EARLY_CONFIG)
  await exec('grub-mkimage', debian.grubArguments(config, core), { signal })
  const area = bootArea({
    bootSector: await readFile(join(debian.GRUB_FOLDER, 'boot.img')),
    core: await readFile(core),
    diskBytes: debian.DEBIAN_DISK_BYTES,
    diskSignature: 0x6272756d,
    espBytes: debian.DEBIAN_ESP_BYTES,
  })
  const handle = await open(raw, 'wx', 0o600)
  try {
    await handle.truncate(debian.DEBIAN_DISK_BYTES)
    await handle.write(area, 0, area.length, 0)
    const esp = await readFile(join(work, 'esp.img'))
    await handle.write(esp, 0, esp.length, PARTITION_START_BYTES)
  } finally {
    await handle.close()
  }
  const clock = String(timeSeconds)
  const env = { ...process.env, E2FSPROGS_FAKE_TIME: clock, SOURCE_DATE_EPOCH: clock }
  const blocks = (debian.DEBIAN_DISK_BYTES - debian.DEBIAN_ROOT_START_BYTES) / 4096
  const options = { env, signal, timeoutMs: DISK_TIMEOUT_MS }
  await asGuestRoot(['mke2fs', ...debian.mke2fsArguments(root, raw, blocks)], options)
  await exec('qemu-img', ['convert', '-f', 'raw', '-O', 'qcow2', raw, output], {
    signal,
    timeoutMs: DISK_TIMEOUT_MS,
  })
}

async function guestHash(): Promise<string> {
  const files = [
    ...(await guestEntries(join(debian.DEBIAN_FOLDER, 'rootfs'))),
    ...(await guestEntries(SHARED_FOLDER)),
  ]
  const hook = await readFile(join(debian.DEBIAN_FOLDER, 'customize'))
  return `${hashTree(completeTree(files))} ${sha256(hook)} ${sha256(awakenProgram())}`
}

/** Runs a command that sees the guest's owners: as root here, else in the user namespace mmdebstrap uses. */
async function asGuestRoot(
  command: string[],
  options: Parameters<typeof exec>[2] = {},
): Promise<void> {
  const [program, ...rest] = isRoot() ? command : ['mmdebstrap', '--unshare-helper', ...command]
  await exec(program!, rest, options)
}

function isRoot(): boolean {
  return process.getuid?.() === 0
}
