/**
 * A shell in a machine over SSH, for a terminal in the browser. The key that the browser hands over lives for this one
 * connection, in memory; nothing of it is kept or logged. Only port 22 of the machine's own address is ever called.
 */
import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { invalidValue } from '../../domain/faults.ts'
import type { StreamOpen } from './streams.ts'

export interface ShellRequest {
  address: string
  user: string
  privateKey: string
  passphrase?: string | undefined
  /** The key is good for a minute, where the machine's image takes such keys. */
  isLent?: boolean
  /** Dials the machine; replaced in tests. */
  dial?: (address: string) => Socket
  /** What the machine's key is, once it is known: shown to the person. */
  onHostKey?: (fingerprint: string) => void
}

const SSH_PORT = 22
const DIAL_TIMEOUT_MS = 15_000
const READY_TIMEOUT_MS = 30_000
const KEEPALIVE_MS = 15_000

/** Loaded when the first shell is asked for: a daemon that opens none does not pay for it. */
const load = async () => (await import('ssh2')).default

/** @throws Fault `InvalidValue` when it is no key, or one that needs another passphrase. */
export async function privateKeyCheck(
  privateKey: string,
  passphrase: string | undefined,
): Promise<void> {
  const { utils } = await load()
  const parsed = utils.parseKey(privateKey, passphrase)
  if (parsed instanceof Error) {
    throw invalidValue('privateKey', '(not shown)', wordsOfKeyError(parsed.message))
  }
  const [key] = Array.isArray(parsed) ? parsed : [parsed]
  if (!key?.isPrivateKey()) {
    throw invalidValue(
      'privateKey',
      '(not shown)',
      'this is a public key; the private one is needed',
    )
  }
}

function wordsOfKeyError(message: string): string {
  if (/encrypted/i.test(message)) return 'the key is encrypted: its passphrase is needed'
  if (/passphrase|bad decrypt|integrity/i.test(message)) return 'the passphrase is wrong'
  return 'this is no private key that SSH knows'
}

export function shellOpener(request: ShellRequest): StreamOpen {
  const dial = request.dial ?? ((address) => connect({ host: address, port: SSH_PORT }))
  return async ({ columns, rows }) => {
    const { Client } = await load()
    return new Promise((resolve, reject) => {
      const client = new Client()
      const socket = dial(request.address)
      const fail = (error: Error): void => {
        client.destroy()
        socket.destroy()
        reject(new Error(wordsOf(error, request)))
      }
      socket.setTimeout(DIAL_TIMEOUT_MS, () => fail(new Error('ETIMEDOUT')))
      socket.once('connect', () => socket.setTimeout(0))
      socket.once('error', fail)
      client.on('error', fail)
      client.once('ready', () => {
        client.shell({ term: 'xterm-256color', cols: columns, rows }, (error, channel) => {
          if (error) return fail(error)
          channel.once('close', () => client.end())
          resolve({
            stream: channel,
            resize: (cols, lines) => channel.setWindow(lines, cols, 0, 0),
          })
        })
      })
      client.connect({
        sock: socket,
        username: request.user,
        privateKey: request.privateKey,
        ...(request.passphrase === undefined ? {} : { passphrase: request.passphrase }),
        readyTimeout: READY_TIMEOUT_MS,
        keepaliveInterval: KEEPALIVE_MS,
        hostVerifier: (key: Buffer) => {
          request.onHostKey?.(fingerprintOf(key))
          return true
        },
      })
    })
  }
}

/** As `ssh-keygen -l` writes it. */
export function fingerprintOf(hostKey: Buffer): string {
  return `SHA256:${createHash('sha256').update(hostKey).digest('base64').replace(/=+$/, '')}`
}

/** What a person can do something about. */
function wordsOf(error: Error & { code?: string; level?: string }, request: ShellRequest): string {
  const { address, user } = request
  if (error.level === 'client-authentication' && request.isLent) {
    return `${address} does not let ${user} in with a key for a minute: is it the image's user? tiny and debian-12 take such keys; for others use the machine's own key.`
  }
  if (error.level === 'client-authentication') {
    return `${address} does not take this key for ${user}. Is it the key pair of the launch, and the image's user?`
  }
  const text = `${error.code ?? ''} ${error.message}`
  if (/ECONNREFUSED/.test(text)) {
    return `${address} refuses connections to port 22: no SSH server listens (yet).`
  }
  if (/TIMEDOUT|Timed out|EHOSTUNREACH|ENETUNREACH/i.test(text)) {
    return `${address} does not answer on port 22. Does a security group allow it from 100.64.0.1 (this host)?`
  }
  return error.message
}
