/**
 * How this host logs in to hypervisors over ssh: with a key and a list of known hosts of its own, whoever runs the
 * daemon. A host is believed the first time and held to its key from then on. Nothing is ever asked of a terminal.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { appearance } from '../../lib/appearance.ts'
import { exec } from '../../lib/exec.ts'
import { ensureFolder, writeFileDurable } from '../../lib/fs-durable.ts'
import { sshKeyPairGenerate, sshPrivateKeyPem } from '../../lib/ssh-private-key.ts'
import { sshPublicKeyLine } from '../../lib/ssh-public-key.ts'
import { systemClock, withDeadline } from '../../lib/time.ts'
import { untilMade } from '../../lib/until-made.ts'
import type { HypervisorConnection } from '../../domain/hypervisor.ts'

export interface Ssh {
  /** As a line of `authorized_keys`. */
  publicKey(): Promise<string>
  /** The URI with our ssh in the place of everybody's. */
  uriOf(connection: HypervisorConnection): Promise<string>
  /** A socket of the hypervisor's host, here. */
  forward(connection: HypervisorConnection, socket: string, signal: AbortSignal): Promise<Forward>
}

export interface Forward {
  path: string
  close(): Promise<void>
}

const START_TIMEOUT_MS = 15_000
const LIFE_MS_MAX = 7 * 24 * 3_600_000

export const isSsh = ({ uri }: HypervisorConnection): boolean => /^[a-z]+\+ssh:/.test(uri)

export function createSsh(home: string): Ssh {
  const folder = join(home, 'connectors')
  const ready = untilMade(() => prepare(folder))
  return {
    publicKey: async () => {
      await ready()
      return (await readFile(join(folder, 'id_ed25519.pub'), 'utf8')).trim()
    },
    uriOf: async (connection) => {
      if (!isSsh(connection)) return connection.uri
      await ready()
      const command = encodeURIComponent(join(folder, 'ssh'))
      return `${connection.uri}?command=${command}&no_tty=1`
    },
    forward: async (connection, socket, signal) => {
      await ready()
      return forward(folder, new URL(connection.uri), socket, signal)
    },
  }
}

async function prepare(folder: string): Promise<void> {
  await ensureFolder(folder)
  const keyFile = join(folder, 'id_ed25519')
  const known = await readFile(`${keyFile}.pub`, 'utf8').catch(() => null)
  if (known === null) {
    const pair = await sshKeyPairGenerate('ed25519')
    await writeFileDurable(keyFile, sshPrivateKeyPem(pair, 'brume', randomBytes(4)))
    // Last: whoever finds it finds the other half too.
    const line = sshPublicKeyLine(pair.publicKey, 'brume-backup-gateway').trim()
    await writeFileDurable(`${keyFile}.pub`, `${line}\n`, { mode: 0o644 })
  }
  const config = [
    'Host *',
    `  IdentityFile "${keyFile}"`,
    '  IdentitiesOnly yes',
    '  BatchMode yes',
    '  StrictHostKeyChecking accept-new',
    `  UserKnownHostsFile "${join(folder, 'known_hosts')}"`,
    '  ConnectTimeout 5',
    '  ServerAliveInterval 5',
    '  ServerAliveCountMax 3',
    '  ExitOnForwardFailure yes',
    '',
  ]
  await writeFileDurable(join(folder, 'ssh_config'), config.join('\n'))
  const quoted = `'${join(folder, 'ssh_config').replaceAll("'", "'\\''")}'`
  const script = `#!/bin/sh\nexec ssh -F ${quoted} "$@"\n`
  await writeFileDurable(join(folder, 'ssh'), script, { mode: 0o700 })
}

async function forward(
  folder: string,
  uri: URL,
  socket: string,
  signal: AbortSignal,
): Promise<Forward> {
  const place = await mkdtemp(join(tmpdir(), 'brume-ssh-'))
  const path = join(place, 'socket')
  const end = new AbortController()
  const stop = (): void => end.abort(new Error('the connection is not needed any more'))
  signal.addEventListener('abort', stop, { once: true })
  const there = appearance(place, 'socket')
  const host = uri.hostname.replace(/^\[|\]$/g, '')
  const args = [
    ...['-F', join(folder, 'ssh_config'), '-N', '-T', '-L', `${path}:${socket}`],
    ...(uri.port === '' ? [] : ['-p', uri.port]),
    ...['-l', decodeURIComponent(uri.username) || 'root', '--', host],
  ]
  const ended = exec('ssh', args, { timeoutMs: LIFE_MS_MAX, signal: end.signal })
  const close = async (): Promise<void> => {
    signal.removeEventListener('abort', stop)
    stop()
    await ended.catch(() => {})
    await rm(place, { recursive: true, force: true })
  }
  try {
    const early = ended.then(() => Promise.reject(new Error('ssh ended before it was there')))
    early.catch(() => {})
    const ready = there.seen.then(() => listening(path))
    await withDeadline('ssh', START_TIMEOUT_MS, Promise.race([ready, early]))
    return { path, close }
  } catch (error) {
    await close()
    throw error
  } finally {
    there.close()
  }
}

const LOOK_INTERVAL_MS = 20

/** A socket is there a moment before somebody listens at it, and nothing tells when. */
async function listening(path: string): Promise<void> {
  const until = systemClock.now() + START_TIMEOUT_MS
  while (!(await isAnswered(path))) {
    if (systemClock.now() > until) throw new Error(`nobody listens at ${path}`)
    await systemClock.wait(LOOK_INTERVAL_MS)
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path })
    const end = (isThere: boolean): void => {
      socket.destroy()
      resolve(isThere)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}
