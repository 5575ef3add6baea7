/**
 * The only place that starts processes. Arguments are arrays, never a shell; every child has a deadline and an
 * output limit. Long-lived children that must outlive us (QEMU, dnsmasq) go through `spawnDetached`.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, openSync } from 'node:fs'

/** Long enough for a slow `qemu-img` on a busy disk; anything longer says so itself. */
const TIMEOUT_MS_DEFAULT = 60_000
/** More output than any tool we call prints on purpose. */
const OUTPUT_BYTES_MAX_DEFAULT = 16 * 1024 * 1024

export interface ExecOptions {
  timeoutMs?: number
  input?: string | Uint8Array
  signal?: AbortSignal
  env?: NodeJS.ProcessEnv
  cwd?: string
  outputBytesMax?: number
  /** Called with each whole line of stdout and stderr as it comes, for progress. */
  onLine?: (line: string) => void
}

export interface ExecResult {
  stdout: string
  stderr: string
}

/** A command that failed: exit code, signal, deadline or a missing program (`exitCode` null). */
export class ExecError extends Error {
  override name = 'ExecError'
  readonly command: string
  readonly args: readonly string[]
  readonly exitCode: number | null
  readonly stderr: string
  readonly stdout: string
  readonly reason: 'exit' | 'signal' | 'timeout' | 'missing' | 'output' | 'aborted'

  constructor(fields: {
    command: string
    args: readonly string[]
    exitCode: number | null
    stderr: string
    stdout: string
    reason: ExecError['reason']
    cause?: unknown
  }) {
    const tail = fields.stderr.trim().split('\n').slice(-4).join(' | ')
    super(
      `${fields.command} ${fields.args.slice(0, 6).join(' ')}: ${fields.reason}` +
        `${fields.exitCode === null ? '' : ` ${fields.exitCode}`}${tail ? `: ${tail}` : ''}`,
      { cause: fields.cause },
    )
    this.command = fields.command
    this.args = fields.args
    this.exitCode = fields.exitCode
    this.stderr = fields.stderr
    this.stdout = fields.stdout
    this.reason = fields.reason
  }
}

/** Runs a command to its end. @throws ExecError unless it exits with 0. */
export function exec(
  command: string,
  args: readonly string[],
  options: ExecOptions = {},
): Promise<ExecResult> {
  const outputBytesMax = options.outputBytesMax ?? OUTPUT_BYTES_MAX_DEFAULT
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    const out: Buffer[] = []
    const err: Buffer[] = []
    let bytes = 0
    let reason: ExecError['reason'] | null = null
    const kill = (why: ExecError['reason']): void => {
      reason ??= why
      child.kill('SIGKILL')
    }
    const timer = setTimeout(() => kill('timeout'), options.timeoutMs ?? TIMEOUT_MS_DEFAULT)
    const onAbort = (): void => kill('aborted')
    options.signal?.addEventListener('abort', onAbort, { once: true })
    if (options.signal?.aborted) onAbort()
    const collect = (chunks: Buffer[]) => {
      let rest = ''
      return (chunk: Buffer): void => {
        bytes += chunk.length
        if (bytes > outputBytesMax) return kill('output')
        chunks.push(chunk)
        if (!options.onLine) return
        const lines = (rest + chunk.toString()).split(/\r?\n|\r/)
        rest = lines.pop() ?? ''
        for (const line of lines) options.onLine(line)
      }
    }
    child.stdout.on('data', collect(out))
    child.stderr.on('data', collect(err))
    // A child that exits before reading its input must not take us down with EPIPE.
    child.stdin.on('error', () => {})
    child.stdin.end(options.input ?? '')
    const finish = (exitCode: number | null, cause?: unknown): void => {
      clearTimeout(timer)
      options.signal?.removeEventListener('abort', onAbort)
      const stdout = Buffer.concat(out).toString()
      const stderr = Buffer.concat(err).toString()
      // Killed, it would have no exit code: where this process itself was held up, its timer comes before that news.
      const isDone = exitCode === 0 && (reason === null || reason === 'timeout')
      if (isDone) return resolve({ stdout, stderr })
      const why = reason ?? (cause ? 'missing' : exitCode === null ? 'signal' : 'exit')
      reject(new ExecError({ command, args, exitCode, stderr, stdout, reason: why, cause }))
    }
    child.on('error', (error) => finish(null, error))
    child.on('close', (code) => finish(code))
  })
}

/**
 * Starts a process in its own session that outlives this one. Its output goes to `logPath` (appended).
 * Resolves with the process id once the kernel started it. @throws ExecError when the program is missing.
 */
export function spawnDetached(
  command: string,
  args: readonly string[],
  options: {
    logPath: string
    cwd?: string
    env?: NodeJS.ProcessEnv
    /** Open for the child too, as its descriptors from 3 on. */
    descriptors?: readonly number[]
  },
): Promise<{ pid: number; child: ChildProcess }> {
  return new Promise((resolve, reject) => {
    const log = openSync(options.logPath, 'a', 0o600)
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      detached: true,
      stdio: ['ignore', log, log, ...(options.descriptors ?? [])],
    })
    closeSync(log)
    child.once('error', (cause) =>
      reject(
        new ExecError({
          command,
          args,
          exitCode: null,
          stderr: '',
          stdout: '',
          reason: 'missing',
          cause,
        }),
      ),
    )
    child.once('spawn', () => {
      child.unref()
      resolve({ pid: child.pid!, child })
    })
  })
}

/** Starts a child tied to us, with an IPC channel: for helpers that hand us sockets (see fabric). */
export function spawnHelper(
  command: string,
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv } = {},
): ChildProcess {
  return spawn(command, args, {
    env: options.env ?? process.env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
}

/** Starts a child that owns our terminal (ssh, a viewer) and resolves with its exit status. */
export function runInTerminal(command: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit' })
    child.on('error', reject)
    child.on('close', (code, signal) => resolve(code ?? (signal ? 128 : 1)))
  })
}
