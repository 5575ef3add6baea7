/** What comes back over an NBD connection, and whose it is. */
import type { ByteReader } from './byte-reader.ts'
import {
  LENGTH_MAX,
  MAGIC_SIMPLE_REPLY,
  MAGIC_STRUCTURED_REPLY,
  NbdError,
  REPLY,
  REPLY_ERROR_MIN,
  REPLY_FLAG_DONE,
} from './protocol.ts'

/** Of one request. QEMU tells of an eighth as many at most. */
const EXTENTS_MAX = 1024 * 1024

/** A request that waits for its answer. */
export interface Pending {
  offset: number
  /** Of a read. */
  data: Buffer | null
  missingBytes: number
  extents: { contextId: number; length: number; flags: number }[]
  error: Error | null
  resolve(): void
  reject(error: Error): void
}

/** Never resolves: it ends with the connection's end, as an error. */
export async function repliesReceive(
  { reader, hasStructuredReplies }: { reader: ByteReader; hasStructuredReplies: boolean },
  pending: Map<bigint, Pending>,
): Promise<never> {
  const requestOf = (cookie: bigint): Pending => {
    const one = pending.get(cookie)
    if (!one) throw new NbdError('protocol', 'the NBD server answers what nobody asked')
    return one
  }
  const settle = (cookie: bigint, one: Pending): void => {
    pending.delete(cookie)
    if (one.error) one.reject(one.error)
    else if (one.missingBytes !== 0) {
      one.reject(new NbdError('protocol', 'the NBD server left out a part of what was read'))
    } else one.resolve()
  }
  for (;;) {
    const magic = (await reader.take(4)).readUInt32BE(0)
    if (magic === MAGIC_SIMPLE_REPLY) {
      const head = await reader.take(12)
      const cookie = head.readBigUInt64BE(4)
      const one = requestOf(cookie)
      const errno = head.readUInt32BE(0)
      if (errno !== 0) one.error = failureOf(errno, '')
      else if (one.data) {
        if (hasStructuredReplies) throw new NbdError('protocol', 'a read without its structure')
        await reader.fill(one.data)
        one.missingBytes = 0
      }
      settle(cookie, one)
    } else if (magic === MAGIC_STRUCTURED_REPLY) {
      const head = await reader.take(16)
      const cookie = head.readBigUInt64BE(4)
      const one = requestOf(cookie)
      const chunk = { type: head.readUInt16BE(2), length: head.readUInt32BE(12) }
      await chunkReceive(reader, one, chunk)
      if (head.readUInt16BE(0) & REPLY_FLAG_DONE) settle(cookie, one)
    } else throw new NbdError('protocol', 'the NBD server says what makes no sense')
  }
}

async function chunkReceive(
  reader: ByteReader,
  one: Pending,
  { type, length }: { type: number; length: number },
): Promise<void> {
  if (length > LENGTH_MAX + 8) throw new NbdError('protocol', 'a chunk of NBD is too long')
  if (type === REPLY.offsetData && length > 8) {
    const offset = Number((await reader.take(8)).readBigUInt64BE(0))
    return reader.fill(placeOf(one, offset, length - 8))
  }
  if (type === REPLY.blockStatus && one.data) {
    throw new NbdError('protocol', 'the NBD server answers a read with extents')
  }
  const payload = await reader.take(length)
  if (type === REPLY.none) return
  if (type === REPLY.offsetHole && length === 12) {
    placeOf(one, Number(payload.readBigUInt64BE(0)), payload.readUInt32BE(8)).fill(0)
  } else if (type === REPLY.blockStatus && length >= 12 && length % 8 === 4) {
    if (one.extents.length + length / 8 > EXTENTS_MAX) {
      throw new NbdError('protocol', 'the NBD server does not end its list of extents')
    }
    const contextId = payload.readUInt32BE(0)
    for (let at = 4; at < length; at += 8) {
      const extent = { length: payload.readUInt32BE(at), flags: payload.readUInt32BE(at + 4) }
      one.extents.push({ contextId, ...extent })
    }
  } else if (type >= REPLY_ERROR_MIN && length >= 6) {
    const words = payload.toString('utf8', 6, 6 + payload.readUInt16BE(4))
    one.error ??= failureOf(payload.readUInt32BE(0), words)
  } else throw new NbdError('protocol', `a chunk of NBD of type ${type} and ${length} bytes`)
}

/** Where a piece of a read belongs. @throws NbdError when it is not a part of what was asked for. */
function placeOf(one: Pending, offset: number, length: number): Uint8Array {
  const at = offset - one.offset
  if (!one.data || at < 0 || at + length > one.data.length || length > one.missingBytes) {
    throw new NbdError('protocol', 'the NBD server sends what nobody asked for')
  }
  one.missingBytes -= length
  return one.data.subarray(at, at + length)
}

function failureOf(errno: number, words: string): NbdError {
  const what = words ? `: ${words.slice(0, 400)}` : ''
  return new NbdError('failed', `the NBD server failed with errno ${errno}${what}`, { errno })
}
