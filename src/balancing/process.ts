/**
 * The process of one balancer: HAProxy's master and its workers, in the balancer's own network namespace. The master
 * is root in name only (it may change its user, lock itself in and end its workers, nothing else); the workers, which
 * alone see packets, are a user that owns nothing, in an empty folder, without capabilities. It outlives us and is
 * found again by process id and start time.
 */
import { readdir, readFile, readlink, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { exec, spawnDetached } from '../lib/exec.ts'
import { isSameProcess, startTicksOf, type ProcessIdentity } from '../lib/process-identity.ts'
import type { Clock } from '../lib/time.ts'
import { workersNow } from './master.ts'

export const NAMESPACE_FOLDER = '/run/netns'
const CAPABILITIES = ['setuid', 'setgid', 'sys_chroot', 'kill']
/** Of addresses, in case the host has no control groups. */
const ADDRESS_MIB_MAX = 1024
/** On a host with little time; it is seconds at most. */
const START_TIMEOUT_MS = 15_000
/** A master that begins anew forgets whom it was about to answer: it is asked again soon. */
const ASK_TIMEOUT_MS = 500
const STOP_TIMEOUT_MS = 2_000
const POLL_MS = 20

export interface Running extends ProcessIdentity {
  /** What it runs with. */
  digest: string
}

export interface Folder {
  configuration: string
  master: string
  log: string
}

export const filesOf = (folder: string): Folder => ({
  configuration: join(folder, 'haproxy.cfg'),
  master: join(folder, 'master.sock'),
  log: join(folder, 'log'),
})

/** @throws ExecError with HAProxy's own words when it would not take the configuration. */
export async function configurationCheck(folder: string): Promise<void> {
  await exec('haproxy', ['-c', '-q', '-f', filesOf(folder).configuration], {
    timeoutMs: 20_000,
    env: ENV,
  })
}

const ENV = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin' }

/** Resolves when its worker is there. @throws Error with the last line of its log. */
export async function processStart(
  folder: string,
  namespace: string,
  digest: string,
  clock: Clock,
): Promise<Running> {
  const { configuration, master, log } = filesOf(folder)
  const bounding = ['-all', ...CAPABILITIES.map((one) => `+${one}`)].join(',')
  const { pid } = await spawnDetached(
    'nsenter',
    [
      `--net=${join(NAMESPACE_FOLDER, namespace)}`,
      'setpriv',
      `--bounding-set=${bounding}`,
      '--inh-caps=-all',
      '--clear-groups',
      '--no-new-privs',
      'haproxy',
      '-W',
      '-f',
      configuration,
      '-S',
      `${master},mode,600`,
      '-m',
      String(ADDRESS_MIB_MAX),
    ],
    { logPath: log, cwd: '/', env: ENV },
  )
  const running = { pid, startTicks: (await startTicksOf(pid)) ?? '', digest }
  await workerAwait(folder, running, null, clock)
  return running
}

/** Until another worker than `before` is the current one. @throws Error when it does not come. */
export async function workerAwait(
  folder: string,
  running: Running,
  before: number | null,
  clock: Clock,
): Promise<number> {
  const { master, log } = filesOf(folder)
  const deadline = clock.now() + START_TIMEOUT_MS
  for (;;) {
    const workers = await workersNow(master, ASK_TIMEOUT_MS).catch(() => null)
    if (workers?.current != null && workers.current !== before) return workers.current
    if (!(await isSameProcess(running)) || clock.now() > deadline) {
      const text = await readFile(log, 'utf8').catch(() => '')
      throw new Error(`HAProxy does not start: ${text.trim().split('\n').slice(-3).join(' | ')}`)
    }
    // The master has no event for it.
    await clock.wait(POLL_MS)
  }
}

/** Alive, the one we started, and in the namespace that bears the name now. */
export async function isRunningIn(running: Running, namespace: string): Promise<boolean> {
  if (!(await isSameProcess(running))) return false
  const [own, named] = await Promise.all([
    readlink(`/proc/${running.pid}/ns/net`).catch(() => ''),
    stat(join(NAMESPACE_FOLDER, namespace)).catch(() => null),
  ])
  return named !== null && own === `net:[${named.ino}]`
}

/**
 * The master with all of its workers, told by the configuration in their command line: also those that a daemon started
 * and did not come to write down. Two of them would share the connections.
 */
export async function processStop(folder: string, clock: Clock): Promise<void> {
  const { configuration } = filesOf(folder)
  const found = await processesWith(configuration)
  // SIGTERM is "now" for a master.
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const alive = await livingOf(found)
    if (alive.length === 0) return
    for (const { pid } of alive) kill(pid, signal)
    const deadline = clock.now() + STOP_TIMEOUT_MS
    while ((await livingOf(alive)).length > 0 && clock.now() < deadline) await clock.wait(POLL_MS)
  }
}

async function processesWith(argument: string): Promise<Running[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const found = await Promise.all(
    pids.map(async (pid): Promise<Running[]> => {
      const startTicks = await startTicksOf(pid)
      const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      const args = text.split('\0')
      const isIts = args.includes('haproxy') && args.includes('-W') && args.includes(argument)
      return isIts && startTicks !== null ? [{ pid, startTicks, digest: '' }] : []
    }),
  )
  return found.flat()
}

async function livingOf(some: readonly Running[]): Promise<Running[]> {
  const isAlive = await Promise.all(some.map(isSameProcess))
  return some.filter((_, at) => isAlive[at])
}

export function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
