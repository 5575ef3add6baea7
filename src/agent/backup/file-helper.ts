/**
 * Files of a recovery point, without mounting what somebody else wrote on this host: a helper machine (the image
 * `tiny`, without a network, upon files that are thrown away) mounts the point's disks read-only and speaks over a
 * serial line. The guest's half: images/tiny/rootfs/usr/libexec/brume/files. It stays for a moment, for the next
 * question.
 */
import { randomBytes } from 'node:crypto'
import { chmod, mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { PointDisk } from '../../backup/vault.ts'
import { overlayMake, readHeader } from '../../blocks/qcow2/files.ts'
import type { InstanceId, VolumeId } from '../../domain/ids.ts'
import type { DiskAttachment, VmSpec } from '../../domain/machine.ts'
import { nbdUrl } from '../../domain/nbd-source.ts'
import type { VmDriver } from '../../hypervisor/driver.ts'
import { nbdServe } from '../../lib/nbd/server.ts'
import { createRevert } from '../../lib/revert.ts'
import { bootOf, manifestOf } from '../vm-spec.ts'
import { fileLineOpen, type FileLine } from './file-line.ts'

export interface HelperMachines {
  driver: Pick<VmDriver, 'start' | 'stop' | 'remove'>
  /** Where the serial line of a machine is. */
  lineOf(instanceId: InstanceId): string
}

export interface FileHelper {
  line: FileLine
  close(): Promise<void>
}

const MEMORY_MIB = 256
const INIT = '/usr/libexec/brume/files'
const IMAGE = 'tiny'
/** Emulated, on a busy host. */
const READY_TIMEOUT_MS = 120_000
/** A letter each, and the helper's own. */
const DISKS_MAX = 11

/** @throws Error when the helper's image is not here, or it does not come up. */
export async function fileHelperStart(
  home: string,
  machines: HelperMachines,
  disks: readonly PointDisk[],
): Promise<FileHelper> {
  if (disks.length > DISKS_MAX)
    throw new Error(`more than ${DISKS_MAX} disks cannot be looked into`)
  const imageFolder = await helperImage(home)
  const root = join(home, 'points')
  await mkdir(root, { recursive: true, mode: 0o711 })
  const folder = await mkdtemp(join(root, 'files-'))
  // The machine is another user, who knows its files by name.
  await chmod(folder, 0o711)
  const revert = createRevert()
  const close = async (): Promise<void> => void (await revert.unwind())
  revert.add('folder', () => rm(folder, { recursive: true, force: true }))
  try {
    const byName = new Map(disks.map((disk, index) => [`disk${index}`, disk]))
    const name = randomBytes(16).toString('hex')
    const socket = join(root, `${name}.sock`)
    const find = async (exportName: string) => byName.get(exportName) ?? null
    const server = await nbdServe(socket, find, { mode: 0o666 })
    revert.add('server', () => server.close())
    const spec = await helperSpec(home, imageFolder, { folder, socket, disks })
    revert.add('record', () => machines.driver.remove(spec.instanceId))
    revert.add('machine', () =>
      machines.driver.stop(spec.instanceId, { isForced: true, graceMs: 0 }),
    )
    await machines.driver.start(spec)
    const line = await fileLineOpen(machines.lineOf(spec.instanceId), READY_TIMEOUT_MS)
    revert.add('line', () => line.close())
    return { line, close }
  } catch (error) {
    await close()
    throw error
  }
}

/** The youngest that is here. */
async function helperImage(home: string): Promise<string> {
  const versions = await readdir(join(home, 'images', IMAGE)).catch(() => [])
  const version = versions
    .filter((one) => !one.startsWith('.'))
    .sort()
    .at(-1)
  if (version) return join(IMAGE, version)
  throw new Error(`looking into a point needs the image ${IMAGE}: ./brume images build ${IMAGE}`)
}

async function helperSpec(
  home: string,
  imageFolder: string,
  { folder, socket, disks }: { folder: string; socket: string; disks: readonly PointDisk[] },
): Promise<VmSpec> {
  const boot = bootOf(home, imageFolder, await manifestOf(home, imageFolder))
  if (boot.mode !== 'kernel') throw new Error(`the image ${IMAGE} has no kernel of its own`)
  const image = join(home, 'images', imageFolder, 'disk.qcow2')
  await stat(image)
  const { sizeBytes } = await readHeader(image)
  const attach = async (
    index: number,
    backing: { path: string; format: 'qcow2' | 'raw' },
    bytes: number,
  ): Promise<DiskAttachment> => {
    const path = join(folder, `${index}.qcow2`)
    await overlayMake(path, { sizeBytes: bytes, backing, key: null, isCopiedInto: true })
    const volumeId = `vol-${String(index).padStart(17, '0')}` as VolumeId
    const isRoot = index === 0
    const limits = { iopsMax: null, throughputMaxMiBps: null }
    return {
      ...{ volumeId, path, format: 'qcow2', backing, isRoot, isReadOnly: false, ...limits },
      deviceName: `/dev/vd${'abcdefghijklm'[index]}`,
    }
  }
  const attached = [await attach(0, { path: image, format: 'qcow2' }, sizeBytes)]
  for (const [index, disk] of disks.entries()) {
    const path = nbdUrl({ socket, exportName: `disk${index}` })
    attached.push(await attach(index + 1, { path, format: 'raw' }, disk.sizeBytes))
  }
  return {
    instanceId: `i-${randomBytes(9).toString('hex').slice(0, 17)}` as InstanceId,
    uuid: `ec2${randomBytes(16).toString('hex').slice(3)}`.replace(
      /^(.{8})(.{4})(.{4})(.{4})(.{12})$/,
      '$1-$2-$3-$4-$5',
    ),
    instanceType: 'helper',
    architecture: 'x86_64',
    vcpus: 1,
    coresPerSocket: 1,
    threadsPerCore: 1,
    memoryMiB: MEMORY_MIB,
    boot: { ...boot, append: `${boot.append} init=${INIT}` },
    disks: attached,
    nics: [],
    namespace: null,
    cpuQuotaPercent: null,
    pinned: null,
  }
}
