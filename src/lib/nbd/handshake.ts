/** The client's half of NBD's newstyle negotiation: TLS, structured replies, meta contexts, the export. */
import type { Duplex } from 'node:stream'
import { connect as tlsConnect, type ConnectionOptions } from 'node:tls'
import { once } from 'node:events'
import { createByteReader, type ByteReader } from './byte-reader.ts'
import {
  HANDSHAKE_FIXED_NEWSTYLE,
  HANDSHAKE_NO_ZEROES,
  INFO_BLOCK_SIZE,
  INFO_EXPORT,
  LENGTH_MAX,
  MAGIC_OPTION,
  MAGIC_OPTION_REPLY,
  MAGIC_SERVER,
  NbdError,
  OPTION,
  OPTION_BYTES_MAX,
  OPTION_ERROR_MIN,
  OPTION_REPLY,
} from './protocol.ts'

export interface Negotiated {
  stream: Duplex
  reader: ByteReader
  sizeBytes: number
  flags: number
  hasStructuredReplies: boolean
  blockBytesMin: number
  blockBytesMax: number
  /** Those that the server grants, by their names. */
  contexts: Map<string, number>
}

interface OptionReply {
  type: number
  data: Buffer
}

/** A server that answers one option with more than this is not one we want to talk to. */
const REPLIES_MAX = 1_000

export async function negotiate(
  socket: Duplex,
  wanted: { exportName: string; contexts: readonly string[]; tls: ConnectionOptions | null },
): Promise<Negotiated> {
  let stream = socket
  let reader = createByteReader(stream)
  const greeting = await reader.take(18)
  if (
    greeting.readBigUInt64BE(0) !== MAGIC_SERVER ||
    greeting.readBigUInt64BE(8) !== MAGIC_OPTION
  ) {
    throw new NbdError('protocol', 'this is no NBD server of the new style')
  }
  const flags = greeting.readUInt16BE(16)
  if (!(flags & HANDSHAKE_FIXED_NEWSTYLE)) {
    throw new NbdError('protocol', 'the NBD server is too old: it does not answer options')
  }
  const answer = Buffer.alloc(4)
  answer.writeUInt32BE(HANDSHAKE_FIXED_NEWSTYLE | (flags & HANDSHAKE_NO_ZEROES))
  stream.write(answer)
  if (wanted.tls) {
    await ask({ stream, reader }, OPTION.startTls, Buffer.alloc(0))
    reader.release()
    const secure = tlsConnect({ ...wanted.tls, socket: stream })
    await once(secure, 'secureConnect')
    stream = secure
    reader = createByteReader(stream)
  }
  const link = { stream, reader }
  const structured = await ask(link, OPTION.structuredReply, Buffer.alloc(0)).catch(refused)
  const contexts = new Map<string, number>()
  if (structured && wanted.contexts.length > 0) {
    const data = contextsRequest(wanted.exportName, wanted.contexts)
    for (const reply of (await ask(link, OPTION.setMetaContext, data).catch(refused)) ?? []) {
      if (reply.type !== OPTION_REPLY.metaContext || reply.data.length < 4) continue
      contexts.set(reply.data.toString('utf8', 4), reply.data.readUInt32BE(0))
    }
  }
  const replies = await ask(link, OPTION.go, goRequest(wanted.exportName))
  return { ...link, ...exportOf(replies), hasStructuredReplies: structured !== null, contexts }
}

/** An option that the server does not serve is none it offers; anything else is an error. */
function refused(error: unknown): null {
  if (error instanceof NbdError && error.reason === 'refused') return null
  throw error
}

/** Everything the server says to an option, without its acknowledgement. @throws NbdError `refused`. */
async function ask(
  { stream, reader }: { stream: Duplex; reader: ByteReader },
  option: number,
  data: Buffer,
): Promise<OptionReply[]> {
  const header = Buffer.alloc(16)
  header.writeBigUInt64BE(MAGIC_OPTION, 0)
  header.writeUInt32BE(option, 8)
  header.writeUInt32BE(data.length, 12)
  stream.write(Buffer.concat([header, data]))
  const replies: OptionReply[] = []
  while (replies.length < REPLIES_MAX) {
    const head = await reader.take(20)
    const type = head.readUInt32BE(12)
    const length = head.readUInt32BE(16)
    const isOurs = head.readBigUInt64BE(0) === MAGIC_OPTION_REPLY && head.readUInt32BE(8) === option
    if (!isOurs || length > OPTION_BYTES_MAX) {
      throw new NbdError('protocol', `the NBD server's answer to option ${option} makes no sense`)
    }
    const payload = await reader.take(length)
    if (type >= OPTION_ERROR_MIN) {
      const words = payload.toString('utf8').slice(0, 400)
      throw new NbdError('refused', `the NBD server refuses option ${option}: ${words || type}`)
    }
    if (type === OPTION_REPLY.ack) return replies
    replies.push({ type, data: payload })
  }
  throw new NbdError('protocol', `the NBD server does not end its answer to option ${option}`)
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(bytes.length)
  return Buffer.concat([length, bytes])
}

function contextsRequest(exportName: string, contexts: readonly string[]): Buffer {
  const count = Buffer.alloc(4)
  count.writeUInt32BE(contexts.length)
  return Buffer.concat([text(exportName), count, ...contexts.map(text)])
}

function goRequest(exportName: string): Buffer {
  const infos = Buffer.alloc(4)
  infos.writeUInt16BE(1, 0)
  infos.writeUInt16BE(INFO_BLOCK_SIZE, 2)
  return Buffer.concat([text(exportName), infos])
}

function exportOf(replies: readonly OptionReply[]) {
  const found = { sizeBytes: -1, flags: 0, blockBytesMin: 1, blockBytesMax: LENGTH_MAX }
  for (const { type, data } of replies) {
    if (type !== OPTION_REPLY.info || data.length < 2) continue
    const info = data.readUInt16BE(0)
    if (info === INFO_EXPORT && data.length >= 12) {
      found.sizeBytes = Number(data.readBigUInt64BE(2))
      found.flags = data.readUInt16BE(10)
    }
    if (info === INFO_BLOCK_SIZE && data.length >= 14) {
      found.blockBytesMin = Math.max(1, data.readUInt32BE(2))
      found.blockBytesMax = Math.min(LENGTH_MAX, data.readUInt32BE(10))
    }
  }
  if (!Number.isSafeInteger(found.sizeBytes) || found.sizeBytes < 0) {
    throw new NbdError('protocol', 'the NBD server does not say how large the export is')
  }
  return found
}
