/**
 * An NBD server for disks that are only read, on a unix socket: structured replies and `base:allocation`, so that
 * whoever copies one skips its holes. Guarantees: bounded memory a connection, an answer to every request (an error
 * where the disk fails), nothing left after `close`. Deliberately lacks writing, TLS and TCP.
 */
import { createServer, type Socket } from 'node:net'
import { chmod, rm } from 'node:fs/promises'
import type { ByteReader } from './byte-reader.ts'
import { createByteReader } from './byte-reader.ts'
import { createExtentMap, type ExtentMap } from './extent-map.ts'
import {
  COMMAND,
  ERRNO,
  LENGTH_MAX,
  MAGIC_REQUEST,
  MAGIC_SIMPLE_REPLY,
  MAGIC_STRUCTURED_REPLY,
  NbdError,
  REPLY,
  REPLY_FLAG_DONE,
} from './protocol.ts'
import { CONTEXT_ID, serverNegotiate, type ServedExport } from './server-handshake.ts'
import type { NbdDisk } from './disk.ts'

export interface NbdServer {
  /** Ends every connection. Idempotent. */
  close(): Promise<void>
}

export interface NbdServerOptions {
  mode?: number
  /** A disk could not be read. */
  onError?: (error: unknown) => void
}

const CONNECTIONS_MAX = 16
/** Of one connection, under way at once. */
const REQUESTS_MAX = 16
const HANDSHAKE_TIMEOUT_MS = 10_000
/** Extents in one answer; whoever wants to know more asks again. */
const EXTENTS_MAX = 4_096

/** `find` answers the disk with a name; null: there is none. A socket that was left behind is replaced. */
export async function nbdServe(
  path: string,
  find: (exportName: string) => Promise<NbdDisk | null>,
  options: NbdServerOptions = {},
): Promise<NbdServer> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    // Each request that waits for room listens.
    socket.setMaxListeners(REQUESTS_MAX + 10)
    socket.once('close', () => sockets.delete(socket))
    connectionServe(socket, find, options).catch(() => socket.destroy())
  })
  server.maxConnections = CONNECTIONS_MAX
  await rm(path, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  try {
    await chmod(path, options.mode ?? 0o600)
  } catch (error) {
    await close()
    throw error
  }
  return { close }
}

interface Connection {
  socket: Socket
  served: ServedExport
  extents: ExtentMap
  signal: AbortSignal
  onError: (error: unknown) => void
}

async function connectionServe(
  socket: Socket,
  find: (exportName: string) => Promise<NbdDisk | null>,
  { onError = () => {} }: NbdServerOptions,
): Promise<void> {
  const gone = new AbortController()
  socket.once('close', () => gone.abort(new NbdError('closed', 'the client is gone')))
  const reader = createByteReader(socket)
  const timer = setTimeout(() => socket.destroy(), HANDSHAKE_TIMEOUT_MS)
  const served = await serverNegotiate(socket, reader, find).finally(() => clearTimeout(timer))
  if (!served) return void socket.end()
  const { signal } = gone
  const extents = createExtentMap(served.disk, signal)
  await requestsServe(reader, { socket, served, extents, signal, onError })
  socket.end()
}

/** Until the client says goodbye. No more is read from it than can be worked on. */
async function requestsServe(reader: ByteReader, connection: Connection): Promise<void> {
  const running = new Set<Promise<void>>()
  for (;;) {
    const head = await reader.take(28)
    if (head.readUInt32BE(0) !== MAGIC_REQUEST) throw new NbdError('protocol', 'no request of NBD')
    const request = {
      command: head.readUInt16BE(6),
      cookie: head.readBigUInt64BE(8),
      offset: Number(head.readBigUInt64BE(16)),
      length: head.readUInt32BE(24),
    }
    if (request.command === COMMAND.disconnect) break
    // Its data would follow, and is not for us.
    if (request.command === COMMAND.write)
      throw new NbdError('protocol', 'a disk that is only read')
    const answer = requestServe(connection, request).catch(() => connection.socket.destroy())
    const served = answer.then(() => void running.delete(served))
    running.add(served)
    if (running.size >= REQUESTS_MAX) await Promise.race(running)
  }
  await Promise.all(running)
}

interface Request {
  command: number
  cookie: bigint
  offset: number
  length: number
}

async function requestServe(connection: Connection, request: Request): Promise<void> {
  const { command, offset, length, cookie } = request
  const { served, extents, signal, onError } = connection
  const isInside = offset + length <= served.disk.sizeBytes && length > 0
  if (command === COMMAND.flush) return answer(connection, cookie, REPLY.none, [])
  if (command === COMMAND.read && isInside && length <= LENGTH_MAX) {
    try {
      if (served.hasStructuredReplies) {
        const [first, next] = await extents.from(offset, length, 2)
        if (first && !next && first.flags !== 0) return await answerHole(connection, request)
      }
      const bytes = await served.disk.read(offset, length, signal)
      await answerRead(connection, request, bytes)
    } catch (error) {
      if (!signal.aborted) onError(error)
      await refuse(connection, cookie, ERRNO.EIO, (error as Error).message)
    }
    return
  }
  if (command === COMMAND.blockStatus && isInside && served.hasContext) {
    try {
      const found = await extents.from(offset, length, EXTENTS_MAX)
      const payload = Buffer.alloc(4 + found.length * 8)
      payload.writeUInt32BE(CONTEXT_ID, 0)
      found.forEach((extent, index) => {
        payload.writeUInt32BE(extent.length, 4 + index * 8)
        payload.writeUInt32BE(extent.flags, 8 + index * 8)
      })
      await answer(connection, cookie, REPLY.blockStatus, [payload])
    } catch (error) {
      if (!signal.aborted) onError(error)
      await refuse(connection, cookie, ERRNO.EIO, (error as Error).message)
    }
    return
  }
  const isKnown = command === COMMAND.read || command === COMMAND.blockStatus
  await refuse(connection, cookie, isKnown ? ERRNO.EINVAL : ERRNO.EPERM, 'not served')
}

async function answerRead(
  connection: Connection,
  { cookie, offset }: Request,
  bytes: Uint8Array,
): Promise<void> {
  if (!connection.served.hasStructuredReplies) {
    return send(connection, [simpleHead(cookie, 0), bytes])
  }
  const at = Buffer.alloc(8)
  at.writeBigUInt64BE(BigInt(offset))
  await answer(connection, cookie, REPLY.offsetData, [at, bytes])
}

/** Zeros are not sent. */
async function answerHole(
  connection: Connection,
  { cookie, offset, length }: Request,
): Promise<void> {
  const hole = Buffer.alloc(12)
  hole.writeBigUInt64BE(BigInt(offset), 0)
  hole.writeUInt32BE(length, 8)
  await answer(connection, cookie, REPLY.offsetHole, [hole])
}

async function answer(
  connection: Connection,
  cookie: bigint,
  type: number,
  payload: readonly Uint8Array[],
): Promise<void> {
  if (!connection.served.hasStructuredReplies) return send(connection, [simpleHead(cookie, 0)])
  const head = Buffer.alloc(20)
  head.writeUInt32BE(MAGIC_STRUCTURED_REPLY, 0)
  head.writeUInt16BE(REPLY_FLAG_DONE, 4)
  head.writeUInt16BE(type, 6)
  head.writeBigUInt64BE(cookie, 8)
  head.writeUInt32BE(
    payload.reduce((sum, part) => sum + part.length, 0),
    16,
  )
  await send(connection, [head, ...payload])
}

async function refuse(
  connection: Connection,
  cookie: bigint,
  errno: number,
  words: string,
): Promise<void> {
  if (!connection.served.hasStructuredReplies) return send(connection, [simpleHead(cookie, errno)])
  const text = Buffer.from(words.slice(0, 200))
  const payload = Buffer.alloc(6)
  payload.writeUInt32BE(errno, 0)
  payload.writeUInt16BE(text.length, 4)
  await answer(connection, cookie, REPLY.error, [payload, text])
}

function simpleHead(cookie: bigint, errno: number): Buffer {
  const head = Buffer.alloc(16)
  head.writeUInt32BE(MAGIC_SIMPLE_REPLY, 0)
  head.writeUInt32BE(errno, 4)
  head.writeBigUInt64BE(cookie, 8)
  return head
}

/** Waits while the client does not take what it asked for. Parts of one answer are written at once, together. */
async function send({ socket, signal }: Connection, parts: readonly Uint8Array[]): Promise<void> {
  let isRoom = true
  for (const part of parts) isRoom = socket.write(part)
  if (isRoom) return
  await new Promise<void>((resolve) => {
    const done = (): void => {
      socket.off('drain', done)
      signal.removeEventListener('abort', done)
      resolve()
    }
    socket.once('drain', done)
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
  })
}
