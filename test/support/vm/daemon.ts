/**
 * A real Brume for tests with guests: the daemon as its own process with a home of its own, the images of
 * `BRUME_TEST_IMAGES` in it. It can be killed and started again; guests outlive it. Runs only where scripts/test.ts put
 * the tests into namespaces of their own.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { EC2Client } from '@aws-sdk/client-ec2'
import { hostApi, type HostApi } from '../../../src/cli/host-api.ts'
import { readJson } from '../../../src/lib/fs-durable.ts'
import { eventually } from '../eventually.ts'
import { evidenceKeep } from './evidence.ts'
import { leftovers, networkMounts, networksSweep, PATH_ENV, qemuProcesses } from './host.ts'

const ROOT = join(import.meta.dirname, '../../..')
/** Emulated guests keep both processors busy while a daemon starts. */
const START_TIMEOUT_MS = 180_000
const END_TIMEOUT_MS = 120_000

export interface Credentials {
  account: string
  accessKeyId: string
  secretAccessKey: string
  region: string
}

export interface Daemon {
  home: string
  url: string
  port: number
  credentials: Credentials
  ec2: EC2Client
  host: HostApi
  imageId: string
  pid(): number
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** After `kill`: the same home, the same port. */
  start(): Promise<void>
  /** Environment by which any AWS client finds this cloud. */
  env(): NodeJS.ProcessEnv
  keepEvidence(test: string): Promise<void>
  /** Terminates nothing: stops all instances and takes networks away, then asserts that nothing is left. */
  end(): Promise<void>
}

export async function startDaemon(
  options: {
    flags?: readonly string[]
    sdkAttempts?: number
    env?: NodeJS.ProcessEnv
    /** Of the layer `long`, besides `tiny`. */
    images?: readonly string[]
  } = {},
): Promise<Daemon> {
  const images = process.env['BRUME_TEST_IMAGES']
  if (process.env['BRUME_TEST_ISOLATED'] !== '1' || !images) {
    throw new Error('tests with guests run by `npm test -- --layer vm`: it isolates them')
  }
  const mountsBefore = await networkMounts()
  const home = await mkdtemp(join(tmpdir(), 'brume-vm-test-'))
  const copy = { recursive: true, mode: constants.COPYFILE_FICLONE }
  await cp(images, join(home, 'images'), copy)
  for (const name of options.images ?? []) {
    const folder = process.env['BRUME_TEST_LONG_IMAGES']
    if (!folder) throw new Error(`the image ${name} is there for the layer long`)
    await cp(join(folder, name), join(home, 'images', name), copy)
  }
  // Where nobody looks at them, machines that stand by only take the processors from those that are tested.
  const flags = ['--home', home, '--standbys', '0', ...(options.flags ?? [])]
  const spawned = (port: number) =>
    spawnDaemon(home, [...flags, '--port', String(port)], options.env ?? {})
  let running = await spawned(0)
  // Until `end` takes over.
  process.once('exit', () => running.child.kill('SIGKILL'))
  const { port } = running
  const credentials = (await readJson<Credentials>(join(home, 'credentials.json')))!
  const url = `http://127.0.0.1:${port}`
  const ec2 = new EC2Client({
    endpoint: url,
    region: credentials.region,
    credentials,
    maxAttempts: options.sdkAttempts ?? 1,
  })
  const host = hostApi({ port, endpoint: url, credentials })
  const imageId = (await host.images()).find((image) => image.name === 'tiny')?.imageId
  if (!imageId) throw new Error('the image tiny did not get registered')
  const keepEvidence = (test: string): Promise<void> => evidenceKeep(home, test)
  return {
    home,
    url,
    port,
    credentials,
    ec2,
    host,
    imageId,
    pid: () => running.child.pid!,
    kill: () => ended(running.child, 'SIGKILL'),
    start: async () => {
      running = await spawned(port)
    },
    env: () => ({
      ...PATH_ENV,
      HOME: home,
      AWS_ENDPOINT_URL: url,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_DEFAULT_REGION: credentials.region,
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
    }),
    keepEvidence,
    end: async () => {
      ec2.destroy()
      await endAndCheck({ home, child: running.child, host, keepEvidence, mountsBefore })
    },
  }
}

async function spawnDaemon(
  home: string,
  flags: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ child: ChildProcess; port: number }> {
  const log = openSync(join(home, 'daemon.log'), 'a', 0o600)
  const child = spawn(process.execPath, [join(ROOT, 'src/main/daemon.ts'), ...flags], {
    cwd: ROOT,
    env: { ...PATH_ENV, ...env },
    stdio: ['ignore', log, log],
  })
  closeSync(log)
  type File = { pid: number; port: number } | undefined
  const file = await eventually<File>(
    async () => {
      if (child.exitCode !== null || child.signalCode !== null) {
        throw new Error(`the daemon ended at its start: ${await tail(join(home, 'daemon.log'))}`)
      }
      return readJson<{ pid: number; port: number }>(join(home, 'daemon.json'))
    },
    (found) => found?.pid === child.pid,
    START_TIMEOUT_MS,
  )
  return { child, port: file!.port }
}

async function tail(path: string): Promise<string> {
  return (await readFile(path, 'utf8').catch(() => '')).split('\n').slice(-12).join('\n')
}

export function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}

async function endAndCheck(daemon: {
  home: string
  child: ChildProcess
  host: HostApi
  keepEvidence: (test: string) => Promise<void>
  mountsBefore: ReadonlySet<string>
}): Promise<void> {
  const { home, child, host, keepEvidence, mountsBefore } = daemon
  const gone = new Promise<void>((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve()
    child.once('exit', () => resolve())
  })
  let left: string[] = []
  try {
    await host.shutdown()
    const deadline = setTimeout(() => child.kill('SIGKILL'), END_TIMEOUT_MS)
    await gone
    clearTimeout(deadline)
    left = await leftovers(mountsBefore)
    if (child.exitCode !== 0)
      left.push(`the daemon ended with ${child.exitCode ?? child.signalCode}`)
  } catch (error) {
    left = [`the daemon did not shut down: ${String(error)}`]
  }
  if (left.length > 0) await keepEvidence('end')
  // Whatever went wrong: the next file begins on a clean host.
  await ended(child, 'SIGKILL')
  for (const { pid } of await qemuProcesses()) process.kill(pid, 'SIGKILL')
  if (left.length > 0) await networksSweep()
  await rm(home, { recursive: true, force: true })
  if (left.length > 0) throw new Error(`left behind:\n${left.join('\n')}`)
}
