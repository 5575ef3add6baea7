/**
 * QEMU's control protocol over a Unix socket: JSON lines, one request an id. Guarantees: every command ends (answer,
 * QEMU's error, deadline, abort or loss of the connection); memory is bounded whatever the other side sends; the last
 * messages are kept for evidence. Deliberately lacks reconnection: the driver decides what a lost socket means.
 * https://www.qemu.org/docs/master/interop/qmp-spec.html
 */
import { connect, type Socket } from 'node:net'
import { TimeoutError } from '../../lib/time.ts'

/** `query-pci` of a full machine is about 60 KiB; sixteen times that is certainly not QMP. */
const LINE_BYTES_MAX = 1024 * 1024
/** Commands under way at once. The driver runs one a machine, backups a few. */
const PENDING_MAX = 64
const TRANSCRIPT_ENTRIES_MAX = 400
const TRANSCRIPT_TEXT_MAX = 2_000
const COMMAND_TIMEOUT_MS_DEFAULT = 10_000

export interface QmpEvent {
  event: string
  data: Record<string, unknown>
  /** Milliseconds since the epoch, by QEMU's clock. */
  at: number
}

export interface QmpTranscriptEntry {
  at: number
  direction: 'sent' | 'received'
  text: string
}

export interface QmpClient {
  /** QEMU's version, `7.2.22`. */
  version: string
  /** @throws QmpError with QEMU's words, TimeoutError, or the signal's reason. */
  execute<T = unknown>(
    command: string,
    args?: object,
    options?: { timeoutMs?: number; signal?: AbortSignal },
  ): Promise<T>
  subscribe(listener: (event: QmpEvent) => void): () => void
  /** The first matching event from now on. @throws TimeoutError, or QmpError when the connection is lost. */
  waitForEvent(
    matches: (event: QmpEvent) => boolean,
    options: { timeoutMs: number; signal?: AbortSignal },
  ): Promise<QmpEvent>
  transcript(): readonly QmpTranscriptEntry[]
  /** Resolves with the cause when the connection is gone, whoever ended it. Never rejects. */
  closed: Promise<Error>
  close(): void
}

/** QEMU refused a command, spoke nonsense, or went away (`errorClass` null). */
export class QmpError extends Error {
  override name = 'QmpError'
  readonly errorClass: string | null
  constructor(message: string, errorClass: string | null, options: { cause?: unknown } = {}) {
    super(message, options)
    this.errorClass = errorClass
  }
}

export interface QmpConnectOptions {
  path: string
  /** For the greeting and the handshake together. */
  timeoutMs?: number
  now?: () => number
  /** Each message as it passes, for a log file. */
  onMessage?: (entry: QmpTranscriptEntry) => void
}

interface Pending {
  settle: (outcome: { ok: unknown } | { error: Error }) => void
}

/** Connects, reads the greeting and leaves negotiation mode. @throws the socket's error, QmpError, TimeoutError. */
export async function qmpConnect(options: QmpConnectOptions): Promise<QmpClient> {
  const timeoutMs = options.timeoutMs ?? COMMAND_TIMEOUT_MS_DEFAULT
  const now = options.now ?? Date.now
  const socket = connect({ path: options.path })
  const wire = createWire(socket, now, options.onMessage)
  const timer = setTimeout(
    () => socket.destroy(new TimeoutError(`QMP greeting of ${options.path}`, timeoutMs)),
    timeoutMs,
  )
  try {
    const version = await wire.greeting
    await wire.execute('qmp_capabilities', undefined, { timeoutMs })
    return {
      version,
      execute: wire.execute as QmpClient['execute'],
      subscribe: wire.subscribe,
      waitForEvent: (matches, waitOptions) => waitForEvent(wire, matches, waitOptions),
      transcript: wire.transcript,
      closed: wire.closed,
      close: () => socket.destroy(),
    }
  } catch (error) {
    socket.destroy()
    throw error
  } finally {
    clearTimeout(timer)
  }
}

type Wire = ReturnType<typeof createWire>

function createWire(socket: Socket, now: () => number, onMessage: QmpConnectOptions['onMessage']) {
  const pending = new Map<number, Pending>()
  const listeners = new Set<(event: QmpEvent) => void>()
  const entries: QmpTranscriptEntry[] = []
  const greeting = Promise.withResolvers<string>()
  const closed = Promise.withResolvers<Error>()
  // A greeting nobody waits for any more must not become an unhandled rejection.
  greeting.promise.catch(() => {})
  let nextId = 1
  let failure: Error | null = null

  const record = (direction: 'sent' | 'received', text: string): void => {
    const entry = { at: now(), direction, text: text.slice(0, TRANSCRIPT_TEXT_MAX) }
    entries.push(entry)
    if (entries.length > TRANSCRIPT_ENTRIES_MAX) entries.shift()
    onMessage?.(entry)
  }

  const onLine = (line: string): void => {
    if (line === '') return
    record('received', line)
    const message = parseMessage(line)
    if (message === null) {
      socket.destroy(
        new QmpError(`QMP sent something that is not JSON: ${line.slice(0, 80)}`, null),
      )
    } else if ('QMP' in message) {
      greeting.resolve(versionOf(message))
    } else if (typeof message['event'] === 'string') {
      const event = eventOf(message, now)
      for (const listener of listeners) listener(event)
    } else {
      settle(pending, message)
    }
  }
  socket.on(
    'data',
    createLineSplitter(onLine, (error) => socket.destroy(error)),
  )
  socket.on('error', (error) => void (failure ??= error))
  socket.on('close', () => {
    const error = failure ?? new QmpError('QMP connection closed', null)
    greeting.reject(error)
    for (const one of pending.values()) one.settle({ error })
    closed.resolve(error)
  })

  const execute = (
    command: string,
    args?: object,
    options: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<unknown> => {
    if (socket.destroyed) return Promise.reject(failure ?? new QmpError('QMP is closed', null))
    if (options.signal?.aborted) return Promise.reject(options.signal.reason as Error)
    if (pending.size >= PENDING_MAX) {
      return Promise.reject(new QmpError(`more than ${PENDING_MAX} QMP commands at once`, null))
    }
    const id = nextId++
    const text = JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}), id })
    return new Promise((resolve, reject) => {
      const timeoutMs = options.timeoutMs ?? COMMAND_TIMEOUT_MS_DEFAULT
      const finish: Pending['settle'] = (outcome) => {
        clearTimeout(timer)
        options.signal?.removeEventListener('abort', onAbort)
        pending.delete(id)
        if ('ok' in outcome) resolve(outcome.ok)
        else reject(outcome.error)
      }
      const onAbort = (): void => finish({ error: options.signal!.reason as Error })
      const timer = setTimeout(
        () => finish({ error: new TimeoutError(`QMP ${command}`, timeoutMs) }),
        timeoutMs,
      )
      options.signal?.addEventListener('abort', onAbort, { once: true })
      pending.set(id, { settle: finish })
      record('sent', text)
      socket.write(`${text}\n`)
    })
  }

  const subscribe = (listener: (event: QmpEvent) => void): (() => void) => {
    listeners.add(listener)
    return () => void listeners.delete(listener)
  }
  return {
    execute,
    subscribe,
    transcript: () => [...entries],
    greeting: greeting.promise,
    closed: closed.promise,
  }
}

/** An answer to a command that gave up waiting finds no `pending` entry and is dropped. */
function settle(pending: Map<number, Pending>, message: Record<string, unknown>): void {
  const one = pending.get(message['id'] as number)
  if (!one) return
  if ('return' in message) return one.settle({ ok: message['return'] })
  const error = message['error'] as { class?: string; desc?: string } | undefined
  one.settle({ error: new QmpError(error?.desc ?? 'QMP error', error?.class ?? 'GenericError') })
}

function parseMessage(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function versionOf(message: Record<string, unknown>): string {
  const greeting = message['QMP'] as {
    version?: { qemu?: { major?: number; minor?: number; micro?: number } }
  }
  const qemu = greeting?.version?.qemu
  return `${qemu?.major ?? 0}.${qemu?.minor ?? 0}.${qemu?.micro ?? 0}`
}

function eventOf(message: Record<string, unknown>, now: () => number): QmpEvent {
  const stamp = message['timestamp'] as { seconds?: number; microseconds?: number } | undefined
  const at = stamp?.seconds
    ? stamp.seconds * 1000 + Math.floor((stamp.microseconds ?? 0) / 1000)
    : now()
  return {
    event: message['event'] as string,
    data: (message['data'] as Record<string, unknown> | undefined) ?? {},
    at,
  }
}

/** Feeds whole lines; a line that never ends is an error rather than memory. */
function createLineSplitter(
  onLine: (line: string) => void,
  onError: (error: Error) => void,
): (chunk: Buffer) => void {
  let parts: Buffer[] = []
  let bytes = 0
  return (chunk) => {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, at))
      const line = Buffer.concat(parts).toString('utf8').trim()
      parts = []
      bytes = 0
      from = at + 1
      onLine(line)
    }
    bytes += chunk.length - from
    if (from < chunk.length) parts.push(chunk.subarray(from))
    if (bytes > LINE_BYTES_MAX) {
      parts = []
      onError(new QmpError(`QMP line of more than ${LINE_BYTES_MAX} bytes`, null))
    }
  }
}

function waitForEvent(
  wire: Wire,
  matches: (event: QmpEvent) => boolean,
  options: { timeoutMs: number; signal?: AbortSignal },
): Promise<QmpEvent> {
  return new Promise((resolve, reject) => {
    const finish = (act: () => void): void => {
      clearTimeout(timer)
      unsubscribe()
      options.signal?.removeEventListener('abort', onAbort)
      act()
    }
    const onAbort = (): void => finish(() => reject(options.signal!.reason as Error))
    const timer = setTimeout(
      () => finish(() => reject(new TimeoutError('QMP event', options.timeoutMs))),
      options.timeoutMs,
    )
    const unsubscribe = wire.subscribe((event) => {
      if (matches(event)) finish(() => resolve(event))
    })
    options.signal?.addEventListener('abort', onAbort, { once: true })
    if (options.signal?.aborted) return onAbort()
    void wire.closed.then((error) => finish(() => reject(error)))
  })
}
