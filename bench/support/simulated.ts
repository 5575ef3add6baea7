/** Starts, asks and ends the control plane on simulated hosts (simulated-server.ts). */
import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { spawnHelper } from '../../src/lib/exec.ts'
import { cpuMsOf } from './process-facts.ts'

export type ToServer = { type: 'settle' } | { type: 'quiet' } | { type: 'end' }
export type FromServer =
  | { type: 'ready'; url: string; credentials: Credentials }
  | { type: 'done'; idleMs: number }

export interface Credentials {
  accessKeyId: string
  secretAccessKey: string
  region: string
}

export interface Cost {
  wallMs: number
  cpuMs: number
}

export interface SimulatedServer {
  pid: number
  url: string
  credentials: Credentials
  /** From its start to the open port. */
  startedMs: number
  /** Every reconciler looks at everything once. */
  settle(): Promise<Cost>
  /** Until nothing is left to do. */
  quiet(): Promise<Cost>
  end(): Promise<void>
}

export async function startSimulated(options: {
  home: string
  hosts: number
  env?: NodeJS.ProcessEnv
}): Promise<SimulatedServer> {
  const startedAt = performance.now()
  const program = join(import.meta.dirname, 'simulated-server.ts')
  const child = spawnHelper(process.execPath, [program, options.home, String(options.hosts)], {
    env: { ...process.env, ...options.env },
  })
  const ready = await nextMessage(child)
  if (ready.type !== 'ready') throw new Error(`the server began with ${ready.type}`)
  const pid = child.pid!
  // Timed here: a server that is busy hears us late, and that is part of its cost.
  const ask = async (message: ToServer): Promise<Cost> => {
    const askedAt = performance.now()
    const before = await cpuMsOf(pid)
    const answer = nextMessage(child)
    child.send(message)
    const done = await answer
    if (done.type !== 'done') throw new Error(`the server answered ${done.type}`)
    const wallMs = performance.now() - askedAt - done.idleMs
    return { wallMs, cpuMs: (await cpuMsOf(pid)) - before }
  }
  return {
    pid,
    url: ready.url,
    credentials: ready.credentials,
    startedMs: performance.now() - startedAt,
    settle: () => ask({ type: 'settle' }),
    quiet: () => ask({ type: 'quiet' }),
    end: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.send({ type: 'end' } satisfies ToServer)
      await gone
    },
  }
}

function nextMessage(child: ChildProcess): Promise<FromServer> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => {
      child.off('message', onMessage)
      reject(new Error(`the simulated cloud ended (${code ?? 'by a signal'})`))
    }
    const onMessage = (message: unknown): void => {
      child.off('exit', onExit)
      resolve(message as FromServer)
    }
    child.once('exit', onExit)
    child.once('message', onMessage)
  })
}
