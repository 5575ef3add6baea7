/**
 * The same machine without Brume: a QEMU command line by hand, with the best flags there are for this host, the same
 * image, kernel, machine type, CPU and accelerator. What Brume adds or costs is the difference.
 */
import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { HypervisorReport } from '../../src/domain/machine.ts'
import { INTERFACE_MTU } from '../../src/domain/network-plan.ts'
import { loadImage } from '../../src/images/store.ts'
import { exec } from '../../src/lib/exec.ts'
import type { BareTap } from './bare-network.ts'
import { mustEnd } from './cleanup.ts'

export interface BareOptions {
  imageFolder: string
  /** Scratch: overlay, console. */
  folder: string
  hypervisor: HypervisorReport
  vcpus: number
  memoryMiB: number
  tap: BareTap
  /** An empty qcow2 file, of which the second disk is a copy. */
  dataDisk?: string
}

export interface BareMachine {
  pid: number
  /** performance.now() when the kernel had started its process. */
  startedAt: number
  address: string
  end(): Promise<void>
}

export async function bareStart(options: BareOptions): Promise<BareMachine> {
  const folder = join(options.folder, `bare-${randomUUID()}`)
  await mkdir(folder)
  const manifest = await loadImage(options.imageFolder)
  const overlay = join(folder, 'root.qcow2')
  const base = join(options.imageFolder, manifest.disk.file)
  const create = ['create', '-q', '-f', 'qcow2']
  await exec('qemu-img', [...create, '-b', base, '-F', manifest.disk.format, overlay])
  if (options.dataDisk) await copyFile(options.dataDisk, join(folder, 'data.qcow2'))
  const words = bareCommandLine(options, { folder, boot: manifest.boot.kernel })
  const child = spawn('qemu-system-x86_64', words, { stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const gone = new Promise<void>((resolve) => child.once('close', () => resolve()))
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  const startedAt = performance.now()
  child.once('exit', (code) => {
    if (code) process.stderr.write(`a bare QEMU ended with ${code}: ${stderr}\n`)
  })
  return {
    pid: child.pid!,
    startedAt,
    address: options.tap.address,
    end: mustEnd(async () => {
      child.kill('SIGKILL')
      await gone
      await rm(folder, { recursive: true, force: true })
    }),
  }
}

/** Pure. */
export function bareCommandLine(
  options: Omit<BareOptions, 'folder'>,
  files: { folder: string; boot?: { kernel: string; initrd?: string; append: string } | undefined },
): string[] {
  const { hypervisor, vcpus, memoryMiB, tap, imageFolder } = options
  const { accelerator, machineType, cpuModel, hasVhostNet } = hypervisor
  const { folder, boot } = files
  const uuid = 'ec2bbe9c-0000-4000-8000-000000000000'
  const direct = boot
    ? [
        ...[
          '-kernel',
          join(imageFolder, boot.kernel),
          '-append',
          appendOf(boot.append, accelerator),
        ],
        ...(boot.initrd ? ['-initrd', join(imageFolder, boot.initrd)] : []),
      ]
    : []
  return [
    ...['-nodefaults', '-no-user-config', '-display', 'none'],
    ...['-machine', `${machineType},usb=off,vmport=off`],
    ...['-accel', accelerator === 'tcg' ? 'tcg,thread=multi' : accelerator],
    ...['-cpu', cpuModel, '-smp', String(vcpus), '-m', `${memoryMiB}M`],
    // What makes cloud-init look for EC2's metadata service.
    ...['-smbios', `type=1,manufacturer=Amazon EC2,uuid=${uuid},serial=${uuid}`],
    ...direct,
    ...['-serial', `file:${join(folder, 'console.log')}`],
    ...['-device', 'virtio-rng-pci'],
    ...diskWords('root', hypervisor, folder),
    ...(options.dataDisk ? diskWords('data', hypervisor, folder) : []),
    '-netdev',
    `tap,id=net,ifname=${tap.name},script=no,downscript=no${hasVhostNet ? ',vhost=on' : ''}`,
    ...['-device', `virtio-net-pci,netdev=net,mac=${tap.mac},host_mtu=${INTERFACE_MTU},romfile=`],
  ]
}

/**
 * An emulated kernel has nothing to guard against by clearing its page tables at every system call, and each clearing
 * throws away all addresses that the emulator has worked out: the largest single gain that a hand can make here.
 */
function appendOf(append: string, accelerator: HypervisorReport['accelerator']): string {
  return accelerator === 'tcg' ? `${append} mitigations=off` : append
}

function diskWords(name: string, { hasIoUring }: HypervisorReport, folder: string): string[] {
  const aio = hasIoUring ? 'io_uring' : 'native'
  const file = `file.driver=file,file.filename=${join(folder, `${name}.qcow2`)},file.aio=${aio}`
  const cache = 'cache.direct=on,file.cache.direct=on,discard=unmap'
  return [
    // A thread for each, so that one disk never waits for another.
    ...['-object', `iothread,id=io-${name}`],
    ...['-blockdev', `driver=qcow2,node-name=${name},${file},${cache}`],
    ...['-device', `virtio-blk-pci,drive=${name},iothread=io-${name}`],
  ]
}

/** The public half of a key made by `ssh-keygen`, as the metadata service gives it out. */
export async function publicKeyOf(identityPath: string): Promise<string> {
  return (await readFile(`${identityPath}.pub`, 'utf8')).trim()
}
