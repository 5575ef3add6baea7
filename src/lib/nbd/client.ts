/**
 * An NBD client: reads, writes, and what a server knows of a disk's extents (what is allocated, what a dirty bitmap
 * holds), over a unix socket or TCP, with or without TLS. Guarantees: bounded memory (so many requests of so many
 * bytes under way, the others wait their turn), a deadline for each request, every read whole or an error. It does
 * not connect again by itself: after `closed` or `timeout`, open another.
 */
import { connect as netConnect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions } from 'node:tls'
import { createLimiter } from '../limiter.ts'
import { unlessAborted, withDeadline } from '../time.ts'
import { negotiate } from './handshake.ts'
import { COMMAND, LENGTH_MAX, MAGIC_REQUEST, NbdError, TRANSMISSION } from './protocol.ts'
import { repliesReceive, type Pending } from './replies.ts'

export { ALLOCATION_HOLE, ALLOCATION_ZERO, BITMAP_DIRTY, NbdError } from './protocol.ts'

export const CONTEXT_ALLOCATION = 'base:allocation'
export const contextOfBitmap = (name: string): string => `qemu:dirty-bitmap:${name}`

export type NbdAddress = { path: string } | { host: string; port: number }

export interface NbdOptions {
  exportName?: string
  /** Meta contexts to ask for; those that were granted are in `contexts`. */
  contexts?: readonly string[]
  /** The connection must be encrypted, with these certificates. */
  tls?: ConnectionOptions | null
  /** For the connection to be there, with the negotiation. */
  connectTimeoutMs?: number
  /** For each request, from when it is sent. */
  requestTimeoutMs?: number
  /** Under way at once. */
  requestsMax?: number
  signal?: AbortSignal
}

export interface NbdExtent {
  start: number
  length: number
  /** The context's own; of `base:allocation`: ALLOCATION_HOLE, ALLOCATION_ZERO; of a bitmap: BITMAP_DIRTY. */
  flags: number
}

export interface NbdClient {
  sizeBytes: number
  isReadOnly: boolean
  contexts: ReadonlySet<string>
  /** Exactly `length` bytes. Of any length up to LENGTH_MAX; several may be under way. */
  read(offset: number, length: number, signal?: AbortSignal): Promise<Buffer>
  /** Parts follow each other. */
  write(
    offset: number,
    bytes: Uint8Array | readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<void>
  /** Zeros, as a hole where the server can make one. @throws NbdError `refused` when it has no such command. */
  writeZeroes(offset: number, length: number, signal?: AbortSignal): Promise<void>
  /** What was written before is durable when it resolves. */
  flush(signal?: AbortSignal): Promise<void>
  /** The whole range, ascending, without gaps; neighbours differ in their flags. */
  extents(
    context: string,
    range: { start: number; length: number },
    signal?: AbortSignal,
  ): AsyncIterable<NbdExtent>
  /** Resolves when the connection is gone. Idempotent. */
  close(): Promise<void>
}

const CONNECT_TIMEOUT_MS = 10_000
/** A disk that takes longer than this for 32 MiB does not answer any more. */
const REQUEST_TIMEOUT_MS = 60_000
const REQUESTS_MAX = 16
/** Block status is asked for in pieces: a scattered bitmap of a large disk does not fit into one answer. */
const STATUS_BYTES_MAX = 1024 ** 3

/** @throws NbdError when there is no such server or export. */
export async function nbdConnect(
  address: NbdAddress,
  options: NbdOptions = {},
): Promise<NbdClient> {
  const { signal, exportName = '', contexts = [], tls = null } = options
  signal?.throwIfAborted()
  const socket = netConnect(address)
  socket.on('error', () => {})
  const onAbort = (): void => void socket.destroy(signal?.reason as Error)
  signal?.addEventListener('abort', onAbort, { once: true })
  try {
    const opened = connected(socket).then(() => negotiate(socket, { exportName, contexts, tls }))
    opened.catch(() => {})
    const timeoutMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS
    return clientOf(socket, await withDeadline('an NBD connection', timeoutMs, opened), options)
  } catch (error) {
    socket.destroy()
    signal?.throwIfAborted()
    throw error
  } finally {
    signal?.removeEventListener('abort', onAbort)
  }
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', (cause) =>
      reject(new NbdError('closed', `no NBD connection: ${cause.message}`, { cause })),
    )
    socket.once('close', () => reject(new NbdError('closed', 'the NBD connection was closed')))
  })
}

interface Request {
  command: number
  offset: number
  length: number
  payload?: readonly Uint8Array[]
  signal: AbortSignal | undefined
}

function clientOf(
  socket: Socket,
  link: Awaited<ReturnType<typeof negotiate>>,
  options: NbdOptions,
): NbdClient {
  const { stream, sizeBytes, flags, contexts } = link
  const lengthMax = alignedDown(Math.min(link.blockBytesMax, LENGTH_MAX), link.blockBytesMin)
  const limiter = createLimiter(options.requestsMax ?? REQUESTS_MAX)
  const pending = new Map<bigint, Pending>()
  let failure: Error | null = null
  const fail = (error: Error): void => {
    failure ??= error
    for (const one of pending.values()) one.reject(failure)
    pending.clear()
    socket.destroy()
  }
  repliesReceive(link, pending).catch(fail)
  const send = sender(stream, {
    pending,
    fail,
    timeoutMs: options.requestTimeoutMs,
    isFailed: () => failure,
  })
  /** One after the other waits for its turn; one that is aborted before it was sent is never sent. */
  const request = (wanted: Request): Promise<Pending> => {
    const answer = limiter.run(async () => {
      wanted.signal?.throwIfAborted()
      return send(wanted)
    })
    // Whoever asked does not wait any more; its place stays taken until the answer came.
    return wanted.signal ? unlessAborted(answer, wanted.signal) : answer
  }
  const check = (offset: number, length: number): void => {
    if (offset < 0 || length < 0 || offset + length > sizeBytes) {
      throw new NbdError('failed', `${offset}+${length} is outside of the disk (${sizeBytes})`)
    }
  }
  const readPiece = async (offset: number, target: Buffer, signal?: AbortSignal): Promise<void> => {
    const { data } = await request({ command: COMMAND.read, offset, length: target.length, signal })
    target.set(data!)
  }
  const pieces = (offset: number, length: number) =>
    Array.from({ length: Math.ceil(length / lengthMax) }, (_, index) => {
      const at = index * lengthMax
      return { offset: offset + at, at, length: Math.min(lengthMax, length - at) }
    })

  return {
    sizeBytes,
    isReadOnly: (flags & TRANSMISSION.readOnly) !== 0,
    contexts: new Set(contexts.keys()),
    read: async (offset, length, signal) => {
      check(offset, length)
      if (length <= lengthMax) {
        if (length === 0) return Buffer.alloc(0)
        return (await request({ command: COMMAND.read, offset, length, signal })).data!
      }
      const whole = Buffer.alloc(length)
      await Promise.all(
        pieces(offset, length).map((piece) =>
          readPiece(piece.offset, whole.subarray(piece.at, piece.at + piece.length), signal),
        ),
      )
      return whole
    },
    write: async (offset, bytes, signal) => {
      const parts = bytes instanceof Uint8Array ? [bytes] : bytes
      const length = parts.reduce((sum, part) => sum + part.length, 0)
      check(offset, length)
      if (length === 0) return
      const command = COMMAND.write
      if (length <= lengthMax) {
        await request({ command, offset, length, payload: parts, signal })
        return
      }
      const wanted = partsWithin(parts, lengthMax).map(({ at, part }) => {
        return { command, offset: offset + at, length: part.length, payload: [part], signal }
      })
      await Promise.all(wanted.map(request))
    },
    writeZeroes: async (offset, length, signal) => {
      check(offset, length)
      if (!(flags & TRANSMISSION.sendWriteZeroes)) {
        throw new NbdError('refused', 'the NBD server cannot write zeros')
      }
      for (let at = 0; at < length; at += STATUS_BYTES_MAX) {
        const part = Math.min(STATUS_BYTES_MAX, length - at)
        await request({ command: COMMAND.writeZeroes, offset: offset + at, length: part, signal })
      }
    },
    flush: async (signal) => {
      if (!(flags & TRANSMISSION.sendFlush)) return
      await request({ command: COMMAND.flush, offset: 0, length: 0, signal })
    },
    extents: (context, range, signal) => {
      const id = contexts.get(context)
      if (id === undefined) throw new NbdError('refused', `the NBD server does not know ${context}`)
      check(range.start, range.length)
      return joined(extentsOf(request, id, range, signal))
    },
    close: () => closed(socket, stream, () => fail(new NbdError('closed', 'closed by us'))),
  }
}

/** Each part by itself, cut where it is longer than the server takes. */
function partsWithin(
  parts: readonly Uint8Array[],
  lengthMax: number,
): { at: number; part: Uint8Array }[] {
  const cut: { at: number; part: Uint8Array }[] = []
  let start = 0
  for (const part of parts) {
    for (let at = 0; at < part.length; at += lengthMax) {
      cut.push({ at: start + at, part: part.subarray(at, at + lengthMax) })
    }
    start += part.length
  }
  return cut
}

function alignedDown(value: number, unit: number): number {
  return Math.max(unit, Math.floor(value / unit) * unit)
}

function sender(
  stream: Duplex,
  state: {
    pending: Map<bigint, Pending>
    fail: (error: Error) => void
    timeoutMs: number | undefined
    isFailed: () => Error | null
  },
) {
  const timeoutMs = state.timeoutMs ?? REQUEST_TIMEOUT_MS
  let cookie = 0n
  /** Resolves when the answer is complete. */
  return ({ command, offset, length, payload }: Request): Promise<Pending> => {
    const failure = state.isFailed()
    if (failure) return Promise.reject(failure)
    const id = ++cookie
    const header = Buffer.alloc(28)
    header.writeUInt32BE(MAGIC_REQUEST, 0)
    header.writeUInt16BE(command, 6)
    header.writeBigUInt64BE(id, 8)
    header.writeBigUInt64BE(BigInt(offset), 16)
    header.writeUInt32BE(length, 24)
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        state.fail(new NbdError('timeout', `the NBD server did not answer within ${timeoutMs} ms`))
      }, timeoutMs)
      const isRead = command === COMMAND.read
      const one: Pending = {
        offset,
        data: isRead ? Buffer.alloc(length) : null,
        missingBytes: isRead ? length : 0,
        extents: [],
        error: null,
        resolve: () => {
          clearTimeout(timer)
          resolve(one)
        },
        reject: (error) => {
          clearTimeout(timer)
          reject(error)
        },
      }
      state.pending.set(id, one)
      stream.cork()
      stream.write(header)
      for (const part of payload ?? []) stream.write(part)
      stream.uncork()
    })
  }
}

async function* extentsOf(
  request: (wanted: Request) => Promise<Pending>,
  contextId: number,
  { start, length }: { start: number; length: number },
  signal: AbortSignal | undefined,
): AsyncIterable<NbdExtent> {
  const end = start + length
  let at = start
  while (at < end) {
    const part = Math.min(STATUS_BYTES_MAX, end - at)
    const answer = await request({ command: COMMAND.blockStatus, offset: at, length: part, signal })
    const before = at
    for (const extent of answer.extents) {
      if (extent.contextId !== contextId || at >= end) continue
      // The last one may go on behind what was asked for.
      const known = Math.min(extent.length, end - at)
      if (known === 0) continue
      yield { start: at, length: known, flags: extent.flags }
      at += known
    }
    if (at === before) throw new NbdError('protocol', 'the NBD server says nothing of the extents')
  }
}

async function* joined(extents: AsyncIterable<NbdExtent>): AsyncIterable<NbdExtent> {
  let last: NbdExtent | undefined
  for await (const extent of extents) {
    if (last?.flags === extent.flags) last.length += extent.length
    else {
      if (last) yield last
      last = { ...extent }
    }
  }
  if (last) yield last
}

const CLOSE_TIMEOUT_MS = 1_000

/** The server hears of it, and does not take it for a crash. */
async function closed(socket: Socket, stream: Duplex, fail: () => void): Promise<void> {
  if (socket.destroyed) return fail()
  const header = Buffer.alloc(28)
  header.writeUInt32BE(MAGIC_REQUEST, 0)
  header.writeUInt16BE(COMMAND.disconnect, 6)
  const gone = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  stream.end(header)
  await withDeadline('an NBD disconnection', CLOSE_TIMEOUT_MS, gone).catch(() => {})
  fail()
}
