/**
 * Starts and stops the daemon of one home. The daemon says that it answers by writing `daemon.json`; until then its
 * process and its log are what we watch, so a start that fails is known at once and explained by its own words.
 */
import { readFileSync } from 'node:fs'
import { open, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { ensureFolder } from '../lib/fs-durable.ts'
import { runInTerminal, spawnDetached } from '../lib/exec.ts'
import { CliError } from './errors.ts'
import {
  daemonLogPath,
  findCloud,
  findDaemon,
  isAlive,
  isRoot,
  type Cloud,
  type DaemonFile,
} from './home.ts'
import { tellingLines } from './daemon-log.ts'
import { hostApi } from './host-api.ts'
import { CHECKOUT } from './version.ts'
import { waitFor } from './wait.ts'

/** A cold start on a slow disk, database migrations and the accelerator's probe included. */
const START_TIMEOUT_MS = 90_000
/** The daemon finishes what it is doing; guests are not waited for. */
const STOP_TIMEOUT_MS = 30_000
/** Guests shut down by ACPI before they are forced. */
const INSTANCES_STOP_TIMEOUT_MS = 180_000
const LOG_TAIL_BYTES = 8192

export interface DaemonOptions {
  home: string
  port: number
  auth: 'strict' | 'open'
  /** Further words for the daemon (src/main/daemon.ts). */
  flags?: readonly string[]
}

function daemonArguments({ home, port, auth, flags = [] }: DaemonOptions): string[] {
  const program = join(CHECKOUT, 'src/main/daemon.ts')
  return [program, '--home', home, '--port', `${port}`, '--auth', auth, ...flags]
}

/** @throws CliError naming the command to type. */
export function requireRoot(launcher: string, words: string): void {
  if (isRoot()) return
  throw new CliError('Machines need root: network namespaces and TAP devices are made for them.', {
    hints: [`Type:  sudo ${launcher} ${words}`],
  })
}

/** Runs the daemon in this terminal until it ends. */
export function daemonRunHere(options: DaemonOptions): Promise<number> {
  return runInTerminal(process.execPath, daemonArguments(options))
}

/** Starts the daemon and returns once it answers. */
export async function daemonStart(options: DaemonOptions): Promise<Cloud> {
  await ensureFolder(options.home)
  await requireFreePort(options.port)
  await ensureFolder(join(options.home, 'logs'))
  const logPath = daemonLogPath(options.home)
  const logStart = await sizeOf(logPath)
  const { child } = await spawnDetached(process.execPath, daemonArguments(options), { logPath })
  const end = { words: '' }
  child.once('exit', (code, signal) => {
    end.words = signal ? `signal ${signal}` : `exit code ${code ?? 'unknown'}`
  })
  const cloud = await waitFor(
    async () => {
      if (end.words) return null
      const found = await findCloud(options.home)
      return found && found.daemon.pid === child.pid ? found : undefined
    },
    { timeoutMs: START_TIMEOUT_MS, pauseMs: 25, pauseMsMax: 200 },
  )
  if (cloud) return cloud
  const tail = await logTail(logPath, logStart)
  const what = end.words ? `ended at once (${end.words})` : 'does not answer'
  throw new CliError(`The cloud was started and ${what}.`, {
    hints: [...tail, `Its log:  ${logPath}`],
  })
}

/** Stops the daemon; with `isWithInstances` every machine first. Returns false when it was not up. */
export async function daemonStop(
  home: string,
  options: { isWithInstances: boolean; onDetail?: (detail: string) => void },
): Promise<boolean> {
  const daemon = await findDaemon(home)
  if (!daemon) return false
  if (options.isWithInstances) {
    const cloud = await findCloud(home)
    if (!cloud) {
      throw new CliError('The cloud does not answer, so it cannot stop its machines.', {
        hints: ['Stop and start it, then try again:  ./brume down && ./brume up'],
      })
    }
    options.onDetail?.('stopping machines')
    await hostApi(cloud).shutdown()
  } else {
    process.kill(daemon.pid, 'SIGTERM')
  }
  await waitForEnd(daemon, options.isWithInstances ? INSTANCES_STOP_TIMEOUT_MS : STOP_TIMEOUT_MS)
  return true
}

async function waitForEnd(daemon: DaemonFile, timeoutMs: number): Promise<void> {
  const isOver = await waitFor(
    () => Promise.resolve(isAlive(daemon.pid) && !isZombie(daemon.pid) ? undefined : true),
    { timeoutMs, pauseMs: 20, pauseMsMax: 250 },
  )
  if (isOver) return
  throw new CliError(`The daemon (process ${daemon.pid}) is still there after ${timeoutMs} ms.`, {
    hints: [
      `Look at its log; end it for good with:  kill -9 ${daemon.pid}  (machines keep running)`,
    ],
  })
}

/** A daemon started by this very process stays a zombie until Node reaps it; that is over for our purpose. */
function isZombie(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.startsWith('Z') ?? false
  } catch {
    return false
  }
}

async function requireFreePort(port: number): Promise<void> {
  const code = await new Promise<string | null>((resolve) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? 'unknown'))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(null)))
  })
  if (code === null) return
  const why = code === 'EADDRINUSE' ? 'is used by another program' : `cannot be used (${code})`
  throw new CliError(`Port ${port} ${why}.`, {
    hints: [`See which:  ss -ltnp 'sport = :${port}'`, 'Or choose another:  --port 4567'],
  })
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    (info) => info.size,
    () => 0,
  )
}

/** What was written after `start`, in short. */
async function logTail(path: string, start: number): Promise<string[]> {
  const size = await sizeOf(path)
  const from = Math.max(start, size - LOG_TAIL_BYTES)
  if (size <= from) return []
  const handle = await open(path, 'r')
  try {
    const { buffer } = await handle.read(Buffer.alloc(size - from), 0, size - from, from)
    return tellingLines(buffer.toString())
  } finally {
    await handle.close()
  }
}
