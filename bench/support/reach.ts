/**
 * Until a machine answers: its SSH port, then a first command. As ec2-boot-bench does, from outside and by trying:
 * a new connection every few milliseconds, so that a lost packet costs no second of waiting.
 */
import { connect, type Socket } from 'node:net'
import { exec, ExecError } from '../../src/lib/exec.ts'

/** A try that has got no answer by then is given up; others are under way. */
const TRY_TIMEOUT_MS = 250
const TRIES_AT_ONCE_MAX = 40
const SSH_TIMEOUT_MS = 60_000
const SSH_PAUSE_MS = 10

export interface PortTimes {
  /** performance.now() when the machine first refused a connection: its network is up, its server is not. */
  refusedAt: number | null
  openAt: number
}

/** @throws Error when the port does not open within `timeoutMs`. */
export function untilPortOpen(
  address: string,
  port: number,
  options: { everyMs: number; timeoutMs: number },
): Promise<PortTimes> {
  return new Promise((resolve, reject) => {
    const tries = new Set<Socket>()
    let refusedAt: number | null = null
    const end = (): void => {
      clearInterval(timer)
      clearTimeout(deadline)
      for (const socket of tries) socket.destroy()
    }
    const attempt = (): void => {
      if (tries.size >= TRIES_AT_ONCE_MAX) return
      const socket = connect({ host: address, port })
      tries.add(socket)
      const drop = (): void => {
        tries.delete(socket)
        socket.destroy()
      }
      socket.setTimeout(TRY_TIMEOUT_MS, drop)
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') refusedAt ??= performance.now()
        drop()
      })
      socket.on('connect', () => {
        end()
        resolve({ refusedAt, openAt: performance.now() })
      })
    }
    const timer = setInterval(attempt, options.everyMs)
    const deadline = setTimeout(() => {
      end()
      reject(new Error(`${address}:${port} did not open within ${options.timeoutMs} ms`))
    }, options.timeoutMs)
    attempt()
  })
}

export interface Login {
  user: string
  address: string
  identityPath: string
}

function sshWords({ user, address, identityPath }: Login): string[] {
  const set = ['StrictHostKeyChecking=no', 'UserKnownHostsFile=/dev/null', 'LogLevel=ERROR']
  set.push('BatchMode=yes', 'IdentitiesOnly=yes', 'ConnectTimeout=5', 'GSSAPIAuthentication=no')
  const options = set.flatMap((option) => ['-o', option])
  return ['-F', 'none', '-i', identityPath, ...options, `${user}@${address}`]
}

/** One command by the guest's shell; its output. @throws ExecError. */
export async function ssh(
  login: Login,
  command: string,
  options: { timeoutMs?: number; input?: Uint8Array } = {},
): Promise<string> {
  const { timeoutMs = SSH_TIMEOUT_MS, input } = options
  const words = [...sshWords(login), command]
  return (await exec('ssh', words, { timeoutMs, ...(input ? { input } : {}) })).stdout
}

/** Until a first command has run, with a next try at once when sshd was not ready yet. */
export async function untilFirstCommand(login: Login, timeoutMs: number): Promise<void> {
  const until = performance.now() + timeoutMs
  for (;;) {
    try {
      await ssh(login, 'true')
      return
    } catch (error) {
      const isSshItself =
        error instanceof ExecError && (error.exitCode === 255 || error.exitCode === null)
      if (!isSshItself || performance.now() > until) throw error
      await new Promise((resolve) => setTimeout(resolve, SSH_PAUSE_MS))
    }
  }
}
