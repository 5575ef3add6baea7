/**
 * Where the state of this cloud is, and what the daemon has written there for its clients: which port it answers
 * on (`daemon.json`) and with which keys (`credentials.json`). Read-only; the daemon owns both files.
 */
import { access, constants } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { readJson } from '../lib/fs-durable.ts'
import { CliError, EXIT } from './errors.ts'
import { waitFor } from './wait.ts'

export const PORT_DEFAULT = 4566
const HEALTH_TIMEOUT_MS = 3000
/** Of one that is there. */
const ANSWER_TIMEOUT_MS = 15_000

export interface DaemonFile {
  pid: number
  port: number
  startedAt: number | string
  version: string
}

export interface Credentials {
  account: string
  accessKeyId: string
  secretAccessKey: string
  region: string
}

/** A cloud that answers. */
export interface Cloud {
  home: string
  port: number
  endpoint: string
  daemon: DaemonFile
  credentials: Credentials
}

export function daemonLogPath(home: string): string {
  return join(home, 'logs/daemon.log')
}

export function isRoot(): boolean {
  return process.getuid?.() === 0
}

export function resolveHome(option?: string): string {
  const chosen = option ?? process.env['BRUME_HOME']
  if (chosen) return resolve(chosen)
  if (isRoot()) return '/var/lib/brume'
  const data = process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local/share')
  return join(data, 'brume')
}

/** 127.0.0.1 rather than `localhost`: no resolver between us. */
export function endpointOf(port: number): string {
  return `http://127.0.0.1:${port}`
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

export async function isHealthy(port: number): Promise<boolean> {
  try {
    const response = await fetch(`${endpointOf(port)}/health`, {
      signal: AbortSignal.timeout(HEALTH_TIMEOUT_MS),
    })
    const body = (await response.json()) as { status?: string }
    return response.ok && body.status === 'ok'
  } catch {
    return false
  }
}

async function readOwn<T>(path: string): Promise<T | undefined> {
  try {
    return await readJson<T>(path)
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new CliError(`${path} is damaged: ${error.message}`, {
        hints: [`Delete it and start the cloud again; it writes the file anew:  rm ${path}`],
        cause: error,
      })
    }
    const code = (error as NodeJS.ErrnoException).code
    if (code !== 'EACCES' && code !== 'EPERM') throw error
    throw new CliError(`This cloud belongs to another user: ${path} is not readable.`, {
      hints: ['Run the same command with sudo, or choose your own cloud with --home DIR.'],
      cause: error,
    })
  }
}

/** The daemon's file, if its process lives. It may not answer yet or any more. */
export async function findDaemon(home: string): Promise<DaemonFile | undefined> {
  const daemon = await readOwn<DaemonFile>(join(home, 'daemon.json'))
  return daemon && isAlive(daemon.pid) ? daemon : undefined
}

export async function readCredentials(home: string): Promise<Credentials | undefined> {
  return readOwn<Credentials>(join(home, 'credentials.json'))
}

/** The cloud of this home when it is up and answers, else undefined. */
export async function findCloud(home: string): Promise<Cloud | undefined> {
  const daemon = await findDaemon(home)
  if (!daemon || !(await isHealthy(daemon.port))) return undefined
  const credentials = await readCredentials(home)
  if (!credentials) {
    throw new CliError(`The cloud answers, but ${join(home, 'credentials.json')} is missing.`, {
      hints: ['Restart it; it makes the file again: ./brume down && ./brume up'],
    })
  }
  return { home, port: daemon.port, endpoint: endpointOf(daemon.port), daemon, credentials }
}

/**
 * The cloud of this home. A daemon that is there and does not answer is waited for: it starts, or its host is busy.
 * @throws CliError (exit code 3) that says how to start it, or that it does not answer.
 */
export async function requireCloud(
  home: string,
  launcher: string,
  timeoutMs = ANSWER_TIMEOUT_MS,
): Promise<Cloud> {
  const found = await waitFor(
    async () => (await findCloud(home)) ?? ((await findDaemon(home)) ? undefined : null),
    { timeoutMs, pauseMs: 50, pauseMsMax: 500 },
  )
  if (found) return found
  const daemon = await findDaemon(home)
  if (daemon) {
    throw new CliError(
      `The cloud is up (process ${daemon.pid}), but does not answer on port ${daemon.port}.`,
      {
        hints: [
          'It may be starting, or have no processor time left: try again.',
          `Its log:  ${daemonLogPath(home)}`,
        ],
        exitCode: EXIT.down,
      },
    )
  }
  // Root's cloud is there, and we look at our own empty home: the usual slip.
  const hasRootCloud = !isRoot() && (await exists('/var/lib/brume'))
  throw new CliError(`The cloud is not up (home ${home}).`, {
    hints: [
      `Start it:  ${isRoot() ? '' : 'sudo '}${launcher} up`,
      ...(hasRootCloud ? ['The cloud in /var/lib/brume belongs to root: use sudo.'] : []),
    ],
    exitCode: EXIT.down,
  })
}

export async function exists(path: string): Promise<boolean> {
  return access(path, constants.F_OK).then(
    () => true,
    () => false,
  )
}
