/**
 * The balancers of one host: states all of them and makes it so. Level-triggered: one HAProxy a balancer, started when
 * it is not there, told its new configuration when that differs (the old worker hands its sockets over and ends what it
 * has), ended when the balancer is gone. Everything lies on the runtime file system: a reboot ends namespaces,
 * processes and these files alike, and private keys never reach a disk.
 */
import { createHash } from 'node:crypto'
import { chmod, readdir, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import {
  balancerNamespace,
  NO_COUNTERS,
  type BalancerCounters,
  type BalancerPlan,
  type BalancerStatus,
} from '../domain/balancers/plan.ts'
import {
  ensureFolder,
  readJson,
  removeDurable,
  writeFileDurable,
  writeJsonDurable,
} from '../lib/fs-durable.ts'
import type { Log } from '../lib/log.ts'
import { createKeyedMutex } from '../lib/mutex.ts'
import type { Clock } from '../lib/time.ts'
import { renderBalancer, type Rendered } from './config.ts'
import { masterAsk, workersNow } from './master.ts'
import { backendOf, openBackendOf } from './names.ts'
import {
  configurationCheck,
  filesOf,
  isRunningIn,
  kill,
  processStart,
  processStop,
  workerAwait,
  type Running,
} from './process.ts'
import { renderServerState } from './server-state.ts'
import { countersAdd, countersOf, serversSeen, statRows, targetStatus } from './stats.ts'

const CHECK_INTERVAL_MS = 5_000
const LOG_BYTES_MAX = 1024 * 1024
const ID = /^[0-9a-f]{16}$/

export interface BalancerKeeper {
  /**
   * Makes the host's balancers those of `plans` and no others. Their networks are there already.
   * @throws AggregateError of what failed; everything else is in force.
   */
  apply(plans: readonly BalancerPlan[]): Promise<void>
  status(): Promise<BalancerStatus[]>
  removeAll(): Promise<void>
  /** Stops watching; the balancers go on. */
  close(): void
}

export interface KeeperOptions {
  /** On the runtime file system. */
  folder: string
  log: Log
  clock: Clock
  /** Whom the workers of a balancer become. */
  userOf(balancerId: string): { uid: number; gid: number }
  /** Puts processes of a balancer below their limits; null: takes the limits away. Absent: no limits. */
  limit?: (balancerId: string, pids: readonly number[] | null) => Promise<void>
}

interface Memory {
  plan: BalancerPlan
  running: Running | null
  problem: string | null
  worker: number | null
  /** Of workers that are gone, and of the one of now when it was last looked at. */
  before: BalancerCounters
  now: BalancerCounters
  /** Targets that no check has judged since they came, and when they came. */
  fresh: Map<string, number>
}

export function createBalancerKeeper(options: KeeperOptions): BalancerKeeper {
  const memories = new Map<string, Memory>()
  // A look from time to time and an application of plans must not both start one.
  const mutex = createKeyedMutex()
  const context = { ...options, memories }
  const apply = async (plans: readonly BalancerPlan[]): Promise<void> => {
    const wanted = new Set(plans.map(({ balancerId }) => balancerId))
    const there = await known(options.folder)
    const work = [
      ...there
        .filter((id) => !wanted.has(id))
        .map((id) => () => mutex.run(id, () => remove(context, id))),
      ...plans.map((plan) => () => mutex.run(plan.balancerId, () => ensure(context, plan))),
    ]
    const results = await Promise.allSettled(work.map((one) => one()))
    const problems = results.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
    if (problems.length > 0) throw new AggregateError(problems, 'some balancers are not in force')
  }
  const checking = setInterval(() => {
    for (const [id, { plan, running }] of memories) {
      if (!running) continue
      mutex
        .run(id, async () => {
          if (await isRunningIn(running, balancerNamespace(id))) return
          if (memories.get(id)?.running !== running) return
          options.log.warn({ balancer: id }, 'a balancer ended by itself: starting it again')
          await ensure(context, plan)
        })
        .catch((err: unknown) => options.log.error({ err, balancer: id }, 'balancer check failed'))
    }
  }, CHECK_INTERVAL_MS)
  checking.unref()
  return {
    apply,
    status: () => Promise.all([...memories.keys()].map((id) => look(context, id))),
    removeAll: () => apply([]),
    close: () => clearInterval(checking),
  }
}

type Context = KeeperOptions & { memories: Map<string, Memory> }

async function known(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => [] as string[])
  return names.filter((name) => ID.test(name))
}

const digestOf = ({ configuration, files }: Rendered): string => {
  const hash = createHash('sha256').update(configuration)
  for (const [name, text] of files) hash.update(`\0${name}\0${text}`)
  return hash.digest('hex')
}

async function ensure(context: Context, plan: BalancerPlan): Promise<void> {
  const { balancerId: id } = plan
  const { memories, log } = context
  const folder = join(context.folder, id)
  const memory = memories.get(id) ?? (await adopted(folder, plan))
  const last = memory.plan
  memories.set(id, { ...memory, plan })
  try {
    await converge(context, folder, plan)
    const after = memories.get(id)!
    memories.set(id, { ...after, problem: null })
    await endDrained(folder, last, plan)
  } catch (error) {
    const problem = (error as Error).message
    memories.set(id, { ...memories.get(id)!, problem })
    log.error({ err: error, balancer: id }, 'a balancer is not as it should be')
    throw error
  }
}

/** What a daemon before us left. */
async function adopted(folder: string, plan: BalancerPlan): Promise<Memory> {
  const running = (await readJson<Running>(join(folder, 'running.json'))) ?? null
  const counters = { before: NO_COUNTERS, now: NO_COUNTERS }
  return { plan, running, problem: null, worker: null, fresh: new Map(), ...counters }
}

async function converge(context: Context, folder: string, plan: BalancerPlan): Promise<void> {
  const { memories, clock, log } = context
  const id = plan.balancerId
  const jail = join(context.folder, 'jail')
  const rendered = renderBalancer(plan, { folder, jail, user: context.userOf(id) })
  const digest = digestOf(rendered)
  const namespace = balancerNamespace(id)
  const { running } = memories.get(id)!
  const isThere = running !== null && (await isRunningIn(running, namespace))
  if (isThere && running.digest === digest) return
  if (!isThere) await processStop(folder, clock)
  await foldersMake(context.folder, folder, jail)
  await filesWrite(folder, rendered)
  const before = isThere
    ? await masterAsk(filesOf(folder).master, '@1 show servers state').catch(() => null)
    : null
  const { text, fresh } = renderServerState(plan, before)
  await writeFileDurable(join(folder, 'state'), text)
  await configurationCheck(folder)
  if (isThere) await look(context, id)
  const made = isThere
    ? await reload(folder, running, digest, context)
    : await processStart(folder, namespace, digest, clock)
  await writeJsonDurable(join(folder, 'running.json'), made)
  const memory = memories.get(id)!
  const now = clock.now()
  memory.fresh = new Map([...memory.fresh, ...fresh.map((key) => [key, now] as const)])
  memories.set(id, { ...memory, running: made })
  await limitAll(context, folder, id, made)
  await filesClear(folder, rendered)
  log.info({ balancer: id, pid: made.pid }, isThere ? 'balancer reloaded' : 'balancer runs')
}

async function limitAll(context: Context, folder: string, id: string, { pid }: Running) {
  if (!context.limit) return
  const { current, old } = await workersNow(filesOf(folder).master)
  await context.limit(id, [pid, ...(current === null ? [] : [current]), ...old])
}

async function reload(folder: string, running: Running, digest: string, { clock }: Context) {
  const { current } = await workersNow(filesOf(folder).master)
  kill(running.pid, 'SIGUSR2')
  await workerAwait(folder, running, current, clock)
  return { ...running, digest }
}

async function foldersMake(root: string, folder: string, jail: string): Promise<void> {
  await ensureFolder(root, 0o711)
  await ensureFolder(folder, 0o700)
  await ensureFolder(jail, 0o711)
  // Whatever our umask says.
  for (const path of [root, jail]) await chmod(path, 0o711)
  const { log } = filesOf(folder)
  const size = await stat(log).then(
    (status) => status.size,
    () => 0,
  )
  if (size > LOG_BYTES_MAX) await truncate(log, 0)
}

/** What it names first: a crash before the configuration leaves the old one whole. */
async function filesWrite(folder: string, { configuration, files }: Rendered): Promise<void> {
  for (const [name, text] of files) await writeFileDurable(join(folder, name), text)
  await writeFileDurable(filesOf(folder).configuration, configuration)
}

const KEPT = new Set(['haproxy.cfg', 'master.sock', 'log', 'running.json', 'state'])

/** Certificates and bodies that nothing names any more. */
async function filesClear(folder: string, { files }: Rendered): Promise<void> {
  for (const name of await readdir(folder)) {
    if (KEPT.has(name) || files.has(name) || name.startsWith('master.sock')) continue
    await removeDurable(join(folder, name))
  }
}

async function remove(context: Context, id: string): Promise<void> {
  const folder = join(context.folder, id)
  context.memories.delete(id)
  await processStop(folder, context.clock)
  await context.limit?.(id, null)
  // Last: as long as it is there, the next try knows that something may be left.
  await removeDurable(folder)
  context.log.info({ balancer: id }, 'balancer ended')
}

/** Ends what connections are left with targets whose time to drain is over. */
async function endDrained(folder: string, last: BalancerPlan, plan: BalancerPlan): Promise<void> {
  const over = last.groups.flatMap(({ groupId, draining }) => {
    const now = plan.groups.find((group) => group.groupId === groupId)
    const names = new Set([
      ...(now?.draining ?? []).map(({ serverName }) => serverName),
      ...(now?.targets ?? []).map(({ serverName }) => serverName),
    ])
    return draining
      .filter(({ serverName, endsConnections }) => endsConnections && !names.has(serverName))
      .map(({ serverName }) => ({ groupId, serverName }))
  })
  if (over.length === 0) return
  const { master } = filesOf(folder)
  const { old } = await workersNow(master)
  const zones = [null, ...plan.nodes.map(({ zone }) => zone)]
  for (const pid of old) {
    for (const { groupId, serverName } of over) {
      for (const backend of zones.flatMap((zone) => [
        backendOf(groupId, zone),
        openBackendOf(groupId, zone),
      ])) {
        // One that it does not have is no error.
        await masterAsk(master, `@!${pid} shutdown sessions server ${backend}/${serverName}`)
      }
    }
  }
}

async function look(context: Context, id: string): Promise<BalancerStatus> {
  const memory = context.memories.get(id)!
  const { plan, problem } = memory
  const { master } = filesOf(join(context.folder, id))
  try {
    const { current } = await workersNow(master)
    const rows = statRows(await masterAsk(master, '@1 show stat'))
    if (current === null || rows.length === 0) throw new Error('no worker')
    if (memory.worker !== null && memory.worker !== current) {
      memory.before = countersAdd(memory.before, memory.now)
    }
    memory.worker = current
    memory.now = countersOf(rows)
    const seen = serversSeen(rows)
    const targets = plan.groups.flatMap((group) =>
      group.targets.map(({ serverName }) => {
        const key = `${group.groupId} ${serverName}`
        const since = memory.fresh.get(key)
        const freshMs = since === undefined ? null : context.clock.now() - since
        const status = targetStatus(group, serverName, seen.get(key), freshMs)
        if (status.verdict !== 'initial') memory.fresh.delete(key)
        return status
      }),
    )
    const counters = countersAdd(memory.before, memory.now)
    return { balancerId: id, isRunning: true, problem, targets, counters }
  } catch (error) {
    const why = problem ?? (error as Error).message
    return { balancerId: id, isRunning: false, problem: why, targets: [], counters: null }
  }
}
