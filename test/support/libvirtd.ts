/**
 * A real libvirtd of Debian for one test file, with domains of QEMU that have disks and no system: in the namespaces of
 * the layer, its state in memory, started here and ended by its pids.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { watch } from 'node:fs'
import { chmod, mkdir, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { exec } from '../../src/lib/exec.ts'
import { withDeadline } from '../../src/lib/time.ts'

export const URI = 'qemu:///system'
const RUN = '/run/libvirt'
const STATES = ['/var/lib/libvirt', '/var/cache/libvirt', '/etc/libvirt']
const START_TIMEOUT_MS = 30_000

export interface Libvirtd extends AsyncDisposable {
  virsh(...args: string[]): Promise<string>
  /** Defines a domain and answers its UUID. */
  define(name: string, disks: readonly TestDisk[], more?: MoreOfDomain): Promise<string>
  /** Writes through the domain's own QEMU, as its guest would. */
  guestWrites(
    uuid: string,
    target: string,
    pattern: number,
    offset: string,
    length: string,
  ): Promise<void>
  /** The process of a domain that runs. */
  pidOf(name: string): Promise<number>
  stop(): Promise<void>
  start(): Promise<void>
}

/** XML, and a size. */
export interface MoreOfDomain {
  memoryMiB?: number
  os?: string
  devices?: string
}

export interface TestDisk {
  target: string
  path: string
  format: string
}

/** It listens on a port: by the names that QEMU looks for, the certificates of a folder. */
export interface TlsOfTest {
  folder: string
  port: number
  qemuConf?: string
  /** Of a host of its own: a process whose network namespace it and its machines are in, and their address there. */
  host?: { pid: number; address: string }
}

const listening = ({ folder, port, host }: TlsOfTest): string =>
  [
    `listen_addr = "${host?.address ?? '127.0.0.1'}"`,
    `tls_port = "${port}"`,
    `ca_file = "${folder}/ca-cert.pem"`,
    `cert_file = "${folder}/server-cert.pem"`,
    `key_file = "${folder}/server-key.pem"`,
    '',
  ].join('\n')

/** @throws Error outside of the layer's own namespaces, where it would be the host's libvirt. */
export async function startLibvirtd(tls: TlsOfTest | null = null): Promise<Libvirtd> {
  await isolatedOrFail()
  for (const folder of STATES) await exec('mount', ['-t', 'tmpfs', 'none', folder])
  // Where /dev/kvm is not every user's, libvirt would otherwise look at QEMU anew, for seconds, at each command.
  const qemu = tls ? `default_tls_x509_cert_dir = "${tls.folder}"\n${tls.qemuConf ?? ''}\n` : ''
  await writeFile('/etc/libvirt/qemu.conf', `user = "root"\ngroup = "root"\n${qemu}`)
  if (tls) await writeFile('/etc/libvirt/libvirtd.conf', listening(tls))
  const args = tls ? ['--listen'] : []
  const within = tls?.host ? ['nsenter', `--net=/proc/${tls.host.pid}/ns/net`, '--'] : []
  await mkdir(RUN, { recursive: true })
  const virtlogd = await daemon('virtlogd', 'virtlogd-sock')
  let libvirtd = await daemon('libvirtd', 'libvirt-sock', args, within)
  const virsh = async (...args: string[]): Promise<string> =>
    (await exec('virsh', ['-q', '-c', URI, ...args])).stdout
  const stop = () => ended(libvirtd)
  return {
    virsh,
    stop,
    start: async () => {
      await rm(join(RUN, 'libvirt-sock'), { force: true })
      libvirtd = await daemon('libvirtd', 'libvirt-sock', args, within)
    },
    define: async (name, disks, more = {}) => {
      const file = join(RUN, `${name}.xml`)
      await writeFile(file, domainXml(name, disks, more))
      for (const { path } of disks) await chmod(path, 0o666)
      await virsh('define', file)
      return (await virsh('domuuid', name)).trim()
    },
    guestWrites: async (uuid, target, pattern, offset, length) => {
      const index = target.charCodeAt(2) - 'a'.charCodeAt(0)
      const device = `/machine/peripheral/virtio-disk${index}/virtio-backend`
      for (const words of [`write -P ${pattern} ${offset} ${length}`, 'flush']) {
        const command = `qemu-io -d ${device} "${words}"`
        const said = await virsh('qemu-monitor-command', uuid, '--hmp', command)
        if (/error|failed/i.test(said)) throw new Error(said)
      }
    },
    pidOf: async (name) => Number(await readFile(join(RUN, 'qemu', `${name}.pid`), 'utf8')),
    [Symbol.asyncDispose]: async () => {
      for (const name of (await virsh('list', '--name').catch(() => '')).split('\n')) {
        if (name.trim() !== '') await virsh('destroy', name.trim()).catch(() => {})
      }
      await stop()
      await ended(virtlogd)
      for (const folder of STATES) await exec('umount', ['--lazy', folder])
    },
  }
}

/** The layer host has a /run of its own, in memory. */
async function isolatedOrFail(): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  const isOwn = / \/run tmpfs /.test(mounts) && (await readdir('/run')).length < 20
  const isTaken = await stat(join(RUN, 'libvirt-sock')).catch(() => null)
  if (!isOwn || isTaken) throw new Error('this test runs in namespaces of its own: npm test')
}

async function daemon(
  program: string,
  socket: string,
  args: readonly string[] = [],
  within: readonly string[] = [],
): Promise<ChildProcess> {
  const there = new Promise<void>((resolve, reject) => {
    const watcher = watch(RUN, (_, name) => {
      if (name !== socket) return
      watcher.close()
      resolve()
    })
    watcher.once('error', reject)
  })
  // What it is started within becomes it: its process is the one to end.
  const [command, ...rest] = [...within, program, ...args]
  const child = spawn(command!, rest, { stdio: ['ignore', 'ignore', 'pipe'] })
  let said = ''
  child.stderr!.on('data', (chunk: Buffer) => (said = (said + chunk.toString()).slice(-4_000)))
  const early = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`${program} ended with ${code}: ${said}`)))
  })
  early.catch(() => {})
  await withDeadline(program, START_TIMEOUT_MS, Promise.race([there, early]))
  return child
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  await withDeadline('the end of a daemon', START_TIMEOUT_MS, gone)
}

function domainXml(name: string, disks: readonly TestDisk[], more: MoreOfDomain): string {
  const { memoryMiB = 32, os = '', devices = '' } = more
  const shown = disks.map(
    ({ target, path, format }) => `<disk type='file' device='disk'>
      <driver name='qemu' type='${format}'/><source file='${path}'/>
      <target dev='${target}' bus='virtio'/></disk>`,
  )
  return `<domain type='qemu'><name>${name}</name><memory unit='MiB'>${memoryMiB}</memory><vcpu>1</vcpu>
    <os><type arch='x86_64' machine='q35'>hvm</type>${os}</os><seclabel type='none'/>
    <on_crash>destroy</on_crash>
    <devices>${shown.join('')}${devices}
      <interface type='user'><mac address='52:54:00:11:22:33'/></interface>
    </devices></domain>`
}
