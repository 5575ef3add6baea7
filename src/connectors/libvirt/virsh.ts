/**
 * `virsh`, one process for each conversation: libvirt's own client speaks every transport, version and authentication
 * there is (docs/decisions/0086). Passwords reach it in a file in memory, never in its arguments; a text that is not
 * ours reaches it as one argument or in a file, never within a line of commands.
 */
import { dirname } from 'node:path'
import { exec, ExecError } from '../../lib/exec.ts'
import { secretFiles } from '../../lib/secret-files.ts'
import type { HypervisorConnection } from '../../domain/hypervisor.ts'

export interface Virsh {
  connection: HypervisorConnection
  /** Standard output. @throws VirshError */
  run(args: readonly string[], options?: VirshOptions): Promise<string>
  /**
   * Several commands over one connection, in order, each tried whatever came of the others: so that what must end
   * again (a guest brought to rest) does, even when we are killed in between. Words of ours only.
   */
  batch(commands: readonly (readonly string[])[], options?: VirshOptions): Promise<BatchResult>
}

export interface BatchResult {
  stdout: string
  stderr: string
}

export interface VirshOptions {
  signal?: AbortSignal
  timeoutMs?: number
}

/** `kind`: whether nobody answered, whether we were not let in, or whether the command itself failed. */
export class VirshError extends Error {
  override name = 'VirshError'
  readonly kind: 'unreachable' | 'refused' | 'failed' | 'missing'
  constructor(kind: VirshError['kind'], message: string, cause?: unknown) {
    super(message, { cause })
    this.kind = kind
  }
}

const TIMEOUT_MS = 60_000
/** A line that is dead is given up after as many seconds as this, twice. */
const KEEPALIVE_SECONDS = 5
const KEEPALIVE_COUNT = 2
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024

export interface Transport {
  /** With what only this host may say: its ssh, its key. */
  uriOf(connection: HypervisorConnection): Promise<string>
}

export function createVirsh(connection: HypervisorConnection, transport: Transport): Virsh {
  const call = async (words: readonly string[], options: VirshOptions): Promise<BatchResult> => {
    const uri = await transport.uriOf(connection)
    const files = new Map([...authFile(connection), ...certificateFiles(connection)])
    const secrets = await secretFiles(files)
    await secrets.write()
    const place = files.has(AUTHORITY) ? `?pkipath=${dirname(secrets.pathOf(AUTHORITY))}` : ''
    const args = [
      `--keepalive-interval=${KEEPALIVE_SECONDS}`,
      `--keepalive-count=${KEEPALIVE_COUNT}`,
      `--connect=${uri}${place}`,
      ...words,
    ]
    try {
      return await exec('virsh', args, {
        timeoutMs: options.timeoutMs ?? TIMEOUT_MS,
        outputBytesMax: OUTPUT_BYTES_MAX,
        env: {
          PATH: process.env['PATH'],
          LC_ALL: 'C',
          ...(files.has(AUTH) && { LIBVIRT_AUTH_FILE: secrets.pathOf(AUTH) }),
        },
        ...(options.signal && { signal: options.signal }),
      })
    } finally {
      await secrets.dispose()
    }
  }
  return {
    connection,
    run: async (args, options = {}) => {
      try {
        return (await call(['--quiet', ...args], options)).stdout
      } catch (error) {
        throw errorOf(error, options.signal)
      }
    },
    batch: async (commands, options = {}) => {
      for (const word of commands.flat()) {
        if (!PLAIN.test(word)) throw new Error(`'${word}' must not be in a line of commands`)
      }
      const line = commands.map((words) => words.join(' ')).join('; ')
      try {
        return await call([line], options)
      } catch (error) {
        // The last command's failure is the process's; what each did stands in its output.
        if (error instanceof ExecError && error.reason === 'exit') {
          const known = errorOf(error)
          if (known.kind === 'failed') return { stdout: error.stdout, stderr: error.stderr }
        }
        throw errorOf(error, options.signal)
      }
    },
  }
}

const PLAIN = /^[A-Za-z0-9_./:@%+=-]+$/
const AUTH = 'auth'

function authFile({ username, password }: HypervisorConnection): Map<string, string> {
  if (username === null && password === null) return new Map()
  const lines = [
    '[credentials-brume]',
    ...(username === null ? [] : [`authname=${username}`, `username=${username}`]),
    ...(password === null ? [] : [`password=${password}`]),
    '[auth-libvirt-default]',
    'credentials=brume',
    '',
  ]
  return new Map([[AUTH, lines.join('\n')]])
}

/** By the names that libvirt looks for in a folder. */
const AUTHORITY = 'cacert.pem'

function certificateFiles({ certificates }: HypervisorConnection): Map<string, string> {
  if (certificates === null) return new Map()
  return new Map([
    [AUTHORITY, certificates.authority],
    ['clientcert.pem', certificates.certificate],
    ['clientkey.pem', certificates.key],
  ])
}

/** virsh has no codes for how it failed, only words of a language that we choose. */
const REFUSALS =
  /authentication (?:failed|cancelled|unavailable)|[Pp]ermission denied|Host key verification|access denied|no connection driver|certificate|is not supported|unsupported/
const SILENCES =
  /failed to connect|unable to connect|Connection refused|No route to host|timed out|Could not resolve|Name or service not known|Connection (?:reset|closed)|End of file|No such file or directory|Network is unreachable|keepalive|not known|lookup failure/

function errorOf(error: unknown, signal?: AbortSignal): VirshError {
  if (signal?.aborted) return new VirshError('unreachable', 'no answer in time', error)
  if (!(error instanceof ExecError)) {
    return new VirshError('failed', error instanceof Error ? error.message : String(error), error)
  }
  if (error.reason === 'missing') {
    return new VirshError(
      'missing',
      'virsh is not installed: apt-get install libvirt-clients',
      error,
    )
  }
  if (error.reason !== 'exit') return new VirshError('unreachable', 'no answer in time', error)
  const text = wordsOf(error.stderr)
  if (!/failed to connect|cannot connect|Failed to reconnect/i.test(error.stderr)) {
    return new VirshError('failed', text, error)
  }
  const isRefused = REFUSALS.test(error.stderr) && !/Connection refused/.test(error.stderr)
  const isSilent = !isRefused && SILENCES.test(error.stderr)
  const kind = isSilent ? 'unreachable' : 'refused'
  return new VirshError(kind, text, error)
}

/** Without virsh's own preface, on one line. */
export function wordsOf(stderr: string): string {
  return (
    stderr
      .split('\n')
      .map((line) => line.replace(/^error: /, '').trim())
      // ssh frames its warnings.
      .filter((line) => line !== '' && !line.startsWith('@'))
      .join(': ')
      .slice(0, 600)
  )
}
