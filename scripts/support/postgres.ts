/**
 * A PostgreSQL server for one run of the tests: Debian's binaries, a temporary folder, a loopback port, gone
 * afterwards. The host's own clusters are never touched. The server does not run as root, so root lends it a user.
 */
import { chown, mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { findProgram } from '../../src/cli/packages.ts'
import { isAlive, isRoot } from '../../src/cli/home.ts'
import { waitFor } from '../../src/cli/wait.ts'
import { exec, spawnDetached } from '../../src/lib/exec.ts'

const START_TIMEOUT_MS = 30_000
const STOP_TIMEOUT_MS = 20_000
const USER = 'postgres'

export interface TestPostgres {
  /** For BRUME_DATABASE_URL: an empty database. */
  url: string
  stop(): Promise<void>
}

export async function startPostgres(): Promise<TestPostgres> {
  const server = await findProgram('postgres')
  if (!server) throw new Error('PostgreSQL is not installed: apt-get install postgresql')
  const folder = await mkdtemp(join(tmpdir(), 'brume-postgres-'))
  const data = join(folder, 'data')
  const lend = await lenderOf(folder)
  try {
    await exec(...lend(join(dirname(server), 'initdb'), initdbArguments(data)))
    const port = await freePort()
    // Its own log, outside the folder it may write: opened by us.
    const logPath = join(folder, 'server.log')
    const [command, args] = lend(server, serverArguments(data, folder, port))
    const { pid, child } = await spawnDetached(command, args, { logPath })
    // Known to have ended as soon as it has: this process is its parent.
    let hasEnded = false
    child.once('exit', () => {
      hasEnded = true
    })
    const ready = await waitFor(
      async () => (hasEnded ? false : (await isReady(dirname(server), port)) || undefined),
      { timeoutMs: START_TIMEOUT_MS, pauseMs: 50, pauseMsMax: 250 },
    )
    if (!ready) {
      if (!hasEnded) process.kill(pid, 'SIGKILL')
      throw new Error(`PostgreSQL did not start; see ${logPath}`)
    }
    await exec(join(dirname(server), 'createdb'), connection(port, ['brume']))
    return {
      url: `postgres://${USER}@127.0.0.1:${port}/brume`,
      stop: async () => {
        // Fast shutdown: rolls back, writes, ends.
        if (!hasEnded && isAlive(pid)) process.kill(pid, 'SIGINT')
        await waitFor(() => Promise.resolve(hasEnded || undefined), { timeoutMs: STOP_TIMEOUT_MS })
        if (!hasEnded) process.kill(pid, 'SIGKILL')
        await rm(folder, { recursive: true, force: true })
      },
    }
  } catch (error) {
    if (!process.env['BRUME_DEBUG']) await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** Turns a command into one that runs without root: PostgreSQL refuses to run as root. */
async function lenderOf(
  folder: string,
): Promise<(command: string, args: readonly string[]) => [string, string[]]> {
  if (!isRoot()) return (command, args) => [command, [...args]]
  const id = async (flag: string): Promise<number> =>
    Number((await exec('id', [flag, USER])).stdout.trim())
  await chown(folder, await id('-u'), await id('-g'))
  // The signal ends the server when we die in whatever way: nothing stays behind.
  const identity = ['--reuid', USER, '--regid', USER, '--clear-groups', '--pdeathsig', 'INT']
  return (command, args) => ['setpriv', [...identity, '--', command, ...args]]
}

function initdbArguments(data: string): string[] {
  return ['-D', data, '-U', USER, '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync']
}

function serverArguments(data: string, folder: string, port: number): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    unix_socket_directories: folder,
    max_connections: '100',
    // Tests of logic, not of disks.
    fsync: 'off',
    full_page_writes: 'off',
  }
  const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return ['-D', data, '-p', `${port}`, ...options]
}

function connection(port: number, rest: readonly string[]): string[] {
  return ['-h', '127.0.0.1', '-p', `${port}`, '-U', USER, ...rest]
}

async function isReady(binaries: string, port: number): Promise<boolean> {
  return exec(join(binaries, 'pg_isready'), connection(port, ['-q', '-d', 'postgres'])).then(
    () => true,
    () => false,
  )
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
