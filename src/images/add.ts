/**
 * Brings any qcow2, raw, VMDK, VHD or VHDX file in as an image. The file is a stranger's: its header is read by us
 * first (disk-format.ts), qemu-img is told the format and runs as nobody, alone and under limits (lib/stranger.ts).
 */
import { mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { FaultError } from '../domain/faults.ts'
import {
  IMAGE_MANIFEST_FORMAT,
  imageVersion,
  parseImageName,
  type ImageArchitecture,
  type ImageManifest,
} from '../domain/image-manifest.ts'
import { exec, ExecError } from '../lib/exec.ts'
import {
  strangerExec,
  strangerFile,
  strangerFolder,
  strangerName,
  strangerTake,
} from '../lib/stranger.ts'
import {
  DISK_HEAD_BYTES,
  detectFirmware,
  probeDiskEnd,
  probeDiskFormat,
  type DiskFormat,
} from './disk-format.ts'
import { sha256OfFile } from './files.ts'
import { report, type ImageTaskOptions } from './progress.ts'
import { describeFiles, openWorkFolder, publishImage, type StoredImage } from './store.ts'

export interface AddImageOptions extends ImageTaskOptions {
  file: string
  /** What it is called from now on. */
  name: string
  description?: string
  architecture?: ImageArchitecture
  defaultUser?: string
  /** Found by looking at the disk when absent. */
  firmware?: readonly ('bios' | 'uefi')[]
  virtualSizeBytesMax?: number
  /** Where it came from, for the manifest. */
  url?: string
}

/** The largest volume EC2 has (gp3 and io1); a header that claims more is a mistake or a trap. */
const VIRTUAL_BYTES_MAX = 16 * 1024 ** 4
/** qemu-img needs a few hundred MB at most for any sane image. */
const QEMU_IMG_ADDRESS_BYTES_MAX = 4 * 1024 ** 3
const INFO_CPU_SECONDS_MAX = 30
const INFO_TIMEOUT_MS = 60_000
const CONVERT_TIMEOUT_MS = 4 * 60 * 60_000
const CONVERT_CPU_SECONDS_MAX = 2 * 60 * 60

export async function addImage(options: AddImageOptions): Promise<StoredImage> {
  parseImageName(options.name)
  // Absolute: qemu takes "nbd:…" and the like for protocols.
  const source = resolve(options.file)
  report(options, 'probe', 0, `looking at ${basename(source)}`)
  const work = await openWorkFolder(options.outputFolder)
  try {
    const folder = join(work, 'stranger')
    await strangerFolder(folder)
    diskMayBe(await readHead(source))
    const file = await strangerFile(source, folder)
    const { format, info } = await diskInspect(file, options)
    const output = join(work, 'image')
    await mkdir(output)
    const disk = join(output, 'disk.qcow2')
    const made = join(folder, 'disk.qcow2')
    await convert(file, format, made, options)
    await rename(await strangerTake(made), disk)
    await rm(folder, { recursive: true })
    report(options, 'verify', 0.9, 'checking the converted disk')
    await strangerFolder(output, [disk])
    const result = await diskInfo(disk, 'qcow2', options.signal)
    if (result['virtual-size'] !== info['virtual-size'])
      throw refused('its size changed while it was read')
    await qemuImg(disk, ['check', '-q', '-f', 'qcow2'], CONVERT_TIMEOUT_MS, options.signal)
    for (const path of [output, disk]) await strangerTake(path)
    const manifest = await manifestOf(options, source, format, output, work, info['virtual-size'])
    report(options, 'publish', 0.97, 'making it durable')
    const stored = await publishImage(options.outputFolder, output, manifest, options.signal)
    report(options, 'done', 1, `${manifest.name} ${manifest.version}`)
    return stored
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

/** What can be told from its beginning, before it is copied. */
function diskMayBe(head: Buffer): void {
  probeDiskFormat(head)
}

/**
 * What a stranger's file is, before anything is done with it. It lies in a folder of the stranger's (lib/stranger.ts).
 * @throws Fault `InvalidValue` with the reason.
 */
export async function diskInspect(
  source: string,
  options: { virtualSizeBytesMax?: number; signal?: AbortSignal },
): Promise<{ format: DiskFormat; info: DiskInfo }> {
  let format = probeDiskFormat(await readHead(source))
  if (format === 'raw') format = probeDiskEnd(await readEnd(source)) ?? format
  const info = await diskInfo(source, format, options.signal)
  checkInfo(info, options.virtualSizeBytesMax ?? VIRTUAL_BYTES_MAX)
  await checkWhole(source, format, options.signal)
  return { format, info }
}

async function readEnd(path: string): Promise<Buffer> {
  const handle = await open(path, 'r')
  try {
    const { size } = await handle.stat()
    const sector = Buffer.alloc(512)
    const { bytesRead } = await handle.read(sector, 0, 512, Math.max(0, size - 512))
    return sector.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

async function manifestOf(
  options: AddImageOptions,
  source: string,
  format: DiskFormat,
  output: string,
  work: string,
  virtualSizeBytes: number,
): Promise<ImageManifest> {
  const sha256 = await sha256OfFile(source, options.signal)
  const firmware =
    options.firmware ?? (await firmwareOf(join(output, 'disk.qcow2'), work, options.signal))
  return {
    format: IMAGE_MANIFEST_FORMAT,
    name: options.name,
    version: imageVersion((await stat(source)).mtimeMs, sha256),
    contentHash: sha256,
    description: options.description ?? `Added from ${basename(source)}`,
    architecture: options.architecture ?? 'x86_64',
    disk: { file: 'disk.qcow2', format: 'qcow2', virtualSizeBytes },
    boot: { firmware: firmware.length > 0 ? firmware : ['bios'] },
    rootDeviceName: '/dev/xvda',
    defaultUser: options.defaultUser ?? 'root',
    files: await describeFiles(output, ['disk.qcow2'], options.signal),
    sources: [],
    origin: { sha256, format, ...(options.url === undefined ? {} : { url: options.url }) },
  }
}

async function readHead(path: string): Promise<Buffer> {
  const found = await stat(path).catch(() => null)
  if (!found) throw new FaultError({ type: 'NotFound', kind: 'file', ids: [path] })
  if (!found.isFile()) throw refused('it is not a regular file')
  if (found.size < 512) throw refused('it is too small to be a disk')
  const handle = await open(path, 'r')
  try {
    const head = Buffer.alloc(DISK_HEAD_BYTES)
    const { bytesRead } = await handle.read(head, 0, head.length, 0)
    return head.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

export interface DiskInfo {
  'virtual-size': number
  format: string
  'backing-filename'?: string
  encrypted?: boolean
  'format-specific'?: { data?: { 'data-file'?: string; extents?: { filename: string }[] } }
  filename: string
}

async function diskInfo(path: string, format: DiskFormat, signal?: AbortSignal): Promise<DiskInfo> {
  const args = ['info', '--output=json', '-f', format]
  return JSON.parse(await qemuImg(path, args, INFO_TIMEOUT_MS, signal)) as DiskInfo
}

/** What the header check should have refused already, seen through qemu's eyes. */
function checkInfo(info: DiskInfo, virtualSizeBytesMax: number): void {
  if (info['backing-filename'] !== undefined) throw refused('it has a backing file')
  if (info.encrypted) throw refused('it is encrypted')
  const specific = info['format-specific']?.data
  if (specific?.['data-file'] !== undefined) throw refused('its data is in another file')
  if (specific?.extents?.some(({ filename }) => filename !== info.filename)) {
    throw refused('it consists of several files')
  }
  const size = info['virtual-size']
  if (!Number.isSafeInteger(size) || size <= 0) throw refused('it claims to have no size')
  if (size > virtualSizeBytesMax)
    throw refused(`it claims ${size} bytes, more than ${virtualSizeBytesMax}`)
}

/**
 * A file that was cut short converts without complaint, with zeros for what is missing; only the check sees it.
 * Exit status 3 means leaked clusters, which harm nobody; VHDX and raw have no check that would help.
 */
async function checkWhole(path: string, format: DiskFormat, signal?: AbortSignal): Promise<void> {
  if (format !== 'qcow2' && format !== 'vmdk') return
  await qemuImg(path, ['check', '-q', '-f', format], CONVERT_TIMEOUT_MS, signal).catch(
    (error: FaultError) => {
      const cause = error.cause
      if (!(cause instanceof ExecError && cause.exitCode === 3)) throw error
    },
  )
}

async function convert(
  source: string,
  format: DiskFormat,
  disk: string,
  options: AddImageOptions,
): Promise<void> {
  const args = ['convert', '-p', '-f', format, '-O', 'qcow2']
  const onLine = (line: string): void => {
    const percent = /\((\d+(?:\.\d+)?)\/100%\)/.exec(line)?.[1]
    if (percent) report(options, 'convert', 0.05 + (Number(percent) / 100) * 0.85, `${percent} %`)
  }
  const to = [strangerName(disk)]
  await qemuImg(source, args, CONVERT_TIMEOUT_MS, options.signal, { onLine, to })
}

async function firmwareOf(
  disk: string,
  work: string,
  signal?: AbortSignal,
): Promise<('bios' | 'uefi')[]> {
  const head = join(work, 'head.raw')
  const size = [`bs=${DISK_HEAD_BYTES}`, 'count=1']
  const args = ['dd', '-f', 'qcow2', '-O', 'raw', ...size, `if=${disk}`, `of=${head}`]
  // What is read here was written by us.
  await exec('qemu-img', args, { timeoutMs: INFO_TIMEOUT_MS, signal })
  return detectFirmware(await readFile(head))
}

/** qemu-img as nobody, in the file's folder. A file it cannot read is the file's fault, not ours. */
async function qemuImg(
  file: string,
  args: readonly string[],
  timeoutMs: number,
  signal?: AbortSignal,
  more: { onLine?: (line: string) => void; to?: readonly string[] } = {},
): Promise<string> {
  const cpuSecondsMax =
    timeoutMs === INFO_TIMEOUT_MS ? INFO_CPU_SECONDS_MAX : CONVERT_CPU_SECONDS_MAX
  const limits = {
    addressBytesMax: QEMU_IMG_ADDRESS_BYTES_MAX,
    cpuSecondsMax,
    fileBytesMax: VIRTUAL_BYTES_MAX,
  }
  try {
    const named = [...args, strangerName(file), ...(more.to ?? [])]
    const { onLine } = more
    const options = { timeoutMs, signal, onLine }
    return (await strangerExec(dirname(file), 'qemu-img', named, limits, options)).stdout
  } catch (error) {
    signal?.throwIfAborted()
    if (
      error instanceof ExecError &&
      error.reason !== 'missing' &&
      !/No such file.*qemu-img/.test(error.stderr)
    ) {
      throw refused(`qemu-img ${args[0]}: ${lastLine(error.stderr) || error.reason}`, error)
    }
    throw error
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? ''
}

function refused(reason: string, cause?: unknown): FaultError {
  return new FaultError(
    { type: 'InvalidValue', parameter: 'disk image', value: '', reason },
    { cause },
  )
}
