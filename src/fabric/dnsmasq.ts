/**
 * One dnsmasq a VPC: started in its namespace, unprivileged, outliving this process, found again by process id and
 * start time, started again when it dies. It restarts only when its configuration text changes; interfaces come and
 * go as files. Its folder lies on the runtime file system: a reboot ends namespaces, leases and processes alike.
 */
import { chmod, readdir, readFile, readlink, stat, truncate } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { spawnDetached } from '../lib/exec.ts'
import {
  ensureFolder,
  readJson,
  removeDurable,
  writeFileDurable,
  writeJsonDurable,
} from '../lib/fs-durable.ts'
import type { Log } from '../lib/log.ts'
import { createKeyedMutex } from '../lib/mutex.ts'
import { isSameProcess, startTicksOf, type ProcessIdentity } from '../lib/process-identity.ts'
import type { Clock } from '../lib/time.ts'
import { namespaceOf } from '../domain/network-plan.ts'
import type { VpcId } from '../domain/ids.ts'
import type { VpcNetworkPlan } from '../domain/network-plan.ts'
import { holdersChange, holdersRemember, leasesEnd } from './leases6.ts'
import { NAMESPACE_FOLDER } from './names.ts'
import { renderDnsmasq, renderDnsmasqHost, renderDnsmasqNames } from './render/dnsmasq.ts'

/** dnsmasq drops its privileges: its folder must be readable for the user it becomes. */
const FOLDER_MODE = 0o755
const FILE_MODE = 0o644
const LOG_BYTES_MAX = 1024 * 1024
const START_TIMEOUT_MS = 5_000
const STOP_TIMEOUT_MS = 2_000
const POLL_MS = 10

interface Running extends ProcessIdentity {
  configuration: string
}

export interface DnsmasqKeeper {
  /** Makes dnsmasq serve the plan. Cheap when nothing changed. */
  ensure(plan: VpcNetworkPlan, upstreams: readonly string[]): Promise<void>
  /** Makes the VPC's folder: from then on its network counts as this host's to remove. */
  claim(vpcId: VpcId): Promise<void>
  stop(vpcId: VpcId): Promise<void>
  /** Takes the folder away. */
  remove(vpcId: VpcId): Promise<void>
  /** Starts those again that died. */
  check(): Promise<void>
  /** VPCs that have a folder here, running or not. */
  known(): Promise<VpcId[]>
  leases(vpcId: VpcId): Promise<string>
}

interface Memory {
  plan: VpcNetworkPlan
  upstreams: readonly string[]
  running: Running
  hosts: Map<string, string>
  names: string
}

interface Context {
  folder: string
  log: Log
  clock: Clock
  memory: Map<string, Memory>
}

export function createDnsmasqKeeper(options: {
  folder: string
  log: Log
  clock: Clock
}): DnsmasqKeeper {
  const context: Context = { ...options, memory: new Map() }
  // A look from time to time and an application of a plan must not both start one.
  const mutex = createKeyedMutex()
  return {
    ensure: (plan, upstreams) => mutex.run(plan.vpcId, () => ensure(context, plan, upstreams)),
    claim: (vpcId) => prepareFolder(context.folder, vpcId),
    stop: (vpcId) =>
      mutex.run(vpcId, async () => {
        context.memory.delete(vpcId)
        const running = await readJson<Running>(join(context.folder, vpcId, 'running.json'))
        if (running) await stop(context, running)
      }),
    remove: (vpcId) => removeDurable(join(context.folder, vpcId)),
    check: async () => {
      for (const vpcId of [...context.memory.keys()]) {
        await mutex.run(vpcId, async () => {
          const known = context.memory.get(vpcId)
          if (!known || (await isRunning(known.running, known.plan))) return
          context.log.warn({ vpcId }, 'dnsmasq ended by itself: starting it again')
          await ensure(context, known.plan, known.upstreams)
        })
      }
    },
    known: async () => {
      const names = await readdir(context.folder).catch(() => [] as string[])
      return names.filter((name) => name.startsWith('vpc-')) as VpcId[]
    },
    leases: (vpcId) => readFile(join(context.folder, vpcId, 'leases'), 'utf8').catch(() => ''),
  }
}

async function ensure(
  context: Context,
  plan: VpcNetworkPlan,
  upstreams: readonly string[],
): Promise<void> {
  const folder = join(context.folder, plan.vpcId)
  const user = await unprivilegedUser()
  const configuration = renderDnsmasq(plan, { folder, user, upstreams })
  const before = context.memory.get(plan.vpcId)
  if (!before) await prepareFolder(context.folder, plan.vpcId)
  const hosts = await ensureHosts(plan, folder, before?.hosts)
  const names = renderDnsmasqNames(plan)
  const isNamed = before?.names === names
  if (!isNamed) await writeFileDurable(join(folder, 'names'), names, { mode: FILE_MODE })
  let running = before?.running ?? (await readJson<Running>(join(folder, 'running.json')))
  const ended = await holdersChange(folder, plan)
  const isToRestart = running?.configuration !== configuration || ended.length > 0
  if (!running || isToRestart || !(await isRunning(running, plan))) {
    if (running) await stop(context, running)
    if (ended.length > 0) await leasesEnd(folder, ended)
    running = await start(context, plan, folder, configuration)
  } else if (hosts.isReloadNeeded || !isNamed) {
    process.kill(running.pid, 'SIGHUP')
  }
  await holdersRemember(folder, plan)
  context.memory.set(plan.vpcId, { plan, upstreams, running, hosts: hosts.files, names })
}

async function prepareFolder(root: string, vpcId: VpcId): Promise<void> {
  const folder = join(root, vpcId)
  for (const path of [dirname(root), root, folder, join(folder, 'hosts')]) {
    await ensureFolder(path, FOLDER_MODE)
    // Whatever our umask says.
    await chmod(path, FOLDER_MODE)
  }
}

/** New files are noticed by dnsmasq itself; changed and removed ones only when it is told. */
async function ensureHosts(
  plan: VpcNetworkPlan,
  folder: string,
  known: Map<string, string> | undefined,
): Promise<{ files: Map<string, string>; isReloadNeeded: boolean }> {
  const found = known ?? (await readHosts(folder))
  const files = new Map<string, string>()
  let isReloadNeeded = false
  let leases: string[][] | undefined
  for (const nic of plan.interfaces) {
    if (!nic.isLive) continue
    const before = found.get(nic.interfaceId)
    // Former MACs stand between.
    const rest = renderDnsmasqHost(nic).slice(nic.mac.length)
    const isSame = before?.startsWith(nic.mac) && before.endsWith(rest)
    if (before !== undefined && isSame) {
      files.set(nic.interfaceId, before)
      continue
    }
    leases ??= await readLeases(folder)
    const former = leases
      .filter((lease) => lease[2] === nic.privateAddresses[0] && lease[1] !== nic.mac)
      .map((lease) => lease[1]!)
    const text = renderDnsmasqHost(nic, former)
    await writeFileDurable(join(folder, 'hosts', nic.interfaceId), text, { mode: FILE_MODE })
    files.set(nic.interfaceId, text)
    if (before !== undefined) isReloadNeeded = true
  }
  for (const name of found.keys()) {
    if (files.has(name)) continue
    await removeDurable(join(folder, 'hosts', name))
    isReloadNeeded = true
  }
  return { files, isReloadNeeded }
}

async function readHosts(folder: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const name of await readdir(join(folder, 'hosts'))) {
    found.set(name, await readFile(join(folder, 'hosts', name), 'utf8'))
  }
  return found
}

/** Lines of `expiry mac address name client-id`. */
async function readLeases(folder: string): Promise<string[][]> {
  const text = await readFile(join(folder, 'leases'), 'utf8').catch(() => '')
  return text.split('\n').map((line) => line.split(' '))
}

async function start(
  context: Context,
  plan: VpcNetworkPlan,
  folder: string,
  configuration: string,
): Promise<Running> {
  const logPath = join(folder, 'log')
  const path = join(folder, 'dnsmasq.conf')
  await removeDurable(join(folder, 'pid'))
  await writeFileDurable(path, configuration, { mode: FILE_MODE })
  const size = await stat(logPath).then(
    (status) => status.size,
    () => 0,
  )
  if (size > LOG_BYTES_MAX) await truncate(logPath, 0)
  const namespace = join(NAMESPACE_FOLDER, namespaceOf(plan.vpcId))
  const { pid, child } = await spawnDetached(
    'nsenter',
    [`--net=${namespace}`, 'dnsmasq', '--keep-in-foreground', `--conf-file=${path}`],
    { logPath, env: { PATH: process.env['PATH'] } },
  )
  const startTicks = await startTicksOf(pid)
  const running = { pid, startTicks: startTicks ?? '', configuration }
  await writeJsonDurable(join(folder, 'running.json'), running)
  // dnsmasq writes its pid file when it is ready to answer, and exits at once over a bad configuration.
  const deadline = context.clock.now() + START_TIMEOUT_MS
  while (!(await stat(join(folder, 'pid')).catch(() => null))) {
    if (child.exitCode !== null || context.clock.now() > deadline) {
      const log = await readFile(logPath, 'utf8').catch(() => '')
      throw new Error(`dnsmasq of ${plan.vpcId} does not start: ${log.trim().split('\n').at(-1)}`)
    }
    await context.clock.wait(POLL_MS)
  }
  return running
}

async function stop(context: Context, running: Running): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (!(await isSameProcess(running))) return
    process.kill(running.pid, signal)
    const deadline = context.clock.now() + STOP_TIMEOUT_MS
    while ((await isSameProcess(running)) && context.clock.now() < deadline) {
      await context.clock.wait(POLL_MS)
    }
  }
}

/** Alive, the process we started, and in the namespace that bears the name now. */
async function isRunning(running: Running, plan: VpcNetworkPlan): Promise<boolean> {
  if (!(await isSameProcess(running))) return false
  const [own, named] = await Promise.all([
    readlink(`/proc/${running.pid}/ns/net`).catch(() => ''),
    stat(join(NAMESPACE_FOLDER, namespaceOf(plan.vpcId))).catch(() => null),
  ])
  return named !== null && own === `net:[${named.ino}]`
}

/** Debian's dnsmasq has a user of its own; elsewhere it becomes nobody, as it would by itself. */
async function unprivilegedUser(): Promise<string> {
  userName ??= /^dnsmasq:/m.test(await readFile('/etc/passwd', 'utf8')) ? 'dnsmasq' : 'nobody'
  return userName
}
let userName: string | undefined
