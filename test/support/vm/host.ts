/**
 * What a host holds of a Brume, read from the kernel: processes, links, namespaces, routes, rules, mounts. Tests run in
 * namespaces of their own (scripts/test.ts), so whatever is found here was made here.
 */
import { readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PRODUCT_OF_TEMPLATES } from '../../../src/hypervisor/qemu/marks.ts'
import { exec } from '../../../src/lib/exec.ts'

export interface HostProcess {
  pid: number
  args: string[]
}

/** Guests' programs and ours see only this of the environment. */
export const PATH_ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }

/** Living processes (no zombies) of which `isWanted` holds. */
export async function processes(
  isWanted: (process: HostProcess) => boolean,
): Promise<HostProcess[]> {
  const found: HostProcess[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const text = await readFile(`/proc/${name}/cmdline`, 'utf8').catch(() => '')
    const one = { pid: Number(name), args: text.split('\0').slice(0, -1) }
    // A zombie has no command line.
    if (text !== '' && isWanted(one)) found.push(one)
  }
  return found
}

const isProgram = (process: HostProcess, program: string): boolean =>
  process.args[0]?.split('/').at(-1) === program

export function qemuProcesses(): Promise<HostProcess[]> {
  return processes((process) => isProgram(process, 'qemu-system-x86_64'))
}

/** Without those that make a template, which come and go in the background. */
export async function machineProcesses(): Promise<HostProcess[]> {
  const all = await qemuProcesses()
  return all.filter(({ args }) => !args.some((arg) => arg.includes(PRODUCT_OF_TEMPLATES)))
}

/** The QEMU processes of one instance: one, if all is well. */
export async function qemuOf(instanceId: string): Promise<HostProcess[]> {
  const all = await qemuProcesses()
  return all.filter(({ args }) => args.some((arg) => arg.endsWith(`/${instanceId}/qemu.pid`)))
}

async function lines(command: string, ...args: string[]): Promise<string[]> {
  const { stdout } = await exec(command, args, { env: { ...PATH_ENV } })
  return stdout.split('\n').filter((line) => line.trim() !== '')
}

export async function namespaces(): Promise<string[]> {
  return (await lines('ip', 'netns', 'list')).map((line) => line.split(' ')[0]!)
}

/** TAPs of one namespace. */
export async function taps(namespace: string): Promise<string[]> {
  const links = await lines('ip', '-n', namespace, '-o', 'link', 'show')
  return links
    .map((line) => line.split(': ')[1]!.split('@')[0]!)
    .filter((name) => name.startsWith('t'))
}

export async function allTaps(): Promise<string[]> {
  const found: string[] = []
  for (const namespace of await namespaces()) found.push(...(await taps(namespace)))
  return found
}

/**
 * Everything that must not be there once a cloud and its instances ended, in plain words; empty: clean. `before`: the
 * mounts there were before it began.
 */
export async function leftovers(before: ReadonlySet<string>): Promise<string[]> {
  const left: string[] = []
  const isOurs = (process: HostProcess): boolean =>
    ['qemu-system-x86_64', 'dnsmasq', 'qemu-nbd', 'qemu-img'].some((program) =>
      isProgram(process, program),
    ) || process.args.some((arg) => arg.endsWith('/src/main/daemon.ts'))
  for (const { pid, args } of await processes(isOurs)) {
    left.push(`process ${pid}: ${args.slice(0, 4).join(' ')}`)
  }
  for (const name of await namespaces()) left.push(`namespace ${name}`)
  for (const line of await lines('ip', '-o', 'link', 'show')) {
    if (!/^\d+: lo[:@]/.test(line)) left.push(`link ${line}`)
  }
  for (const line of await lines('ip', 'route', 'show', 'table', 'all', 'proto', '183')) {
    left.push(`route ${line}`)
  }
  for (const line of await lines('nft', 'list', 'tables')) left.push(`nft ${line}`)
  for (const line of await networkMounts()) if (!before.has(line)) left.push(`mount ${line}`)
  return left
}

/** Mounts of network namespaces and of tests' folders; some of the host's own shine through ours. */
export async function networkMounts(): Promise<Set<string>> {
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n')
  return new Set(mounts.filter((line) => / \/run\/netns\/\S|brume-vm-test/.test(line)))
}

/** Seconds of processor time that a process used so far, user and system. */
export async function cpuSecondsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const TICKS_A_SECOND = 100
  return (Number(fields[11]) + Number(fields[12])) / TICKS_A_SECOND
}

export async function rssMiBOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
}

/** Ends every dnsmasq and takes all networks and what /run knows of them away, as a reboot of the host does. */
export async function networksSweep(): Promise<void> {
  for (const { pid } of await processes((one) => isProgram(one, 'dnsmasq'))) {
    process.kill(pid, 'SIGKILL')
  }
  const run = (command: string, ...args: string[]): Promise<unknown> =>
    exec(command, args, { env: { ...PATH_ENV } }).catch(() => undefined)
  await run('ip', '--all', 'netns', 'delete')
  await run('nft', 'flush', 'ruleset')
  await run('ip', 'route', 'flush', 'table', 'all', 'proto', '183')
  for (const name of await readdir('/run')) {
    if (name.startsWith('brume')) await rm(join('/run', name), { recursive: true })
  }
}
