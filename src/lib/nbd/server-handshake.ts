/** The server's half of NBD's newstyle negotiation. */
import type { Socket } from 'node:net'
import type { ByteReader } from './byte-reader.ts'
import {
  HANDSHAKE_FIXED_NEWSTYLE,
  HANDSHAKE_NO_ZEROES,
  INFO_BLOCK_SIZE,
  INFO_EXPORT,
  LENGTH_MAX,
  MAGIC_OPTION,
  MAGIC_OPTION_REPLY,
  MAGIC_SERVER,
  NAME_BYTES_MAX,
  NbdError,
  OPTION,
  OPTION_BYTES_MAX,
  OPTION_REPLY,
  TRANSMISSION,
} from './protocol.ts'
import type { NbdDisk } from './disk.ts'

export interface ServedExport {
  disk: NbdDisk
  hasStructuredReplies: boolean
  /** `base:allocation` was asked for. */
  hasContext: boolean
}

export const CONTEXT_ID = 1
const CONTEXT = 'base:allocation'
/** A client that asks for more before it begins is none we want to talk to. */
const OPTIONS_MAX = 64
const BLOCK_BYTES_PREFERRED = 256 * 1024
const EXPORT_FLAGS =
  TRANSMISSION.hasFlags | TRANSMISSION.readOnly | TRANSMISSION.sendFlush | TRANSMISSION.canMultiConn

interface State {
  socket: Socket
  find: (exportName: string) => Promise<NbdDisk | null>
  hasStructuredReplies: boolean
  hasContext: boolean
}

/** Null: the client wanted nothing after all. */
export async function serverNegotiate(
  socket: Socket,
  reader: ByteReader,
  find: State['find'],
): Promise<ServedExport | null> {
  const greeting = Buffer.alloc(18)
  greeting.writeBigUInt64BE(MAGIC_SERVER, 0)
  greeting.writeBigUInt64BE(MAGIC_OPTION, 8)
  greeting.writeUInt16BE(HANDSHAKE_FIXED_NEWSTYLE | HANDSHAKE_NO_ZEROES, 16)
  socket.write(greeting)
  const flags = (await reader.take(4)).readUInt32BE(0)
  if (!(flags & HANDSHAKE_FIXED_NEWSTYLE)) throw new NbdError('protocol', 'a client too old')
  const state: State = { socket, find, hasStructuredReplies: false, hasContext: false }
  for (let count = 0; count < OPTIONS_MAX; count++) {
    const head = await reader.take(16)
    const option = head.readUInt32BE(8)
    const length = head.readUInt32BE(12)
    if (head.readBigUInt64BE(0) !== MAGIC_OPTION || length > OPTION_BYTES_MAX) {
      throw new NbdError('protocol', 'no option of NBD')
    }
    const data = await reader.take(length)
    if (option === OPTION.abort) {
      reply(socket, option, OPTION_REPLY.ack)
      return null
    }
    if (option === OPTION.exportName) return exportNameServe(state, data, flags)
    const disk = await optionServe(state, option, data)
    if (disk) return { disk, ...state }
  }
  throw new NbdError('protocol', 'a client that does not begin')
}

/** The old way in, without an answer but the export itself. */
async function exportNameServe(state: State, data: Buffer, flags: number): Promise<ServedExport> {
  const disk = await state.find(data.toString('utf8'))
  if (!disk) throw new NbdError('refused', 'there is no such export')
  const zeros = flags & HANDSHAKE_NO_ZEROES ? 0 : 124
  const answer = Buffer.alloc(10 + zeros)
  answer.writeBigUInt64BE(BigInt(disk.sizeBytes), 0)
  answer.writeUInt16BE(EXPORT_FLAGS, 8)
  state.socket.write(answer)
  return { disk, ...state }
}

/** Answers the disk when the negotiation ended with it. */
async function optionServe(state: State, option: number, data: Buffer): Promise<NbdDisk | null> {
  const { socket } = state
  try {
    if (option === OPTION.structuredReply) {
      state.hasStructuredReplies = true
      reply(socket, option, OPTION_REPLY.ack)
    } else if (option === OPTION.setMetaContext || option === OPTION.listMetaContext) {
      const isKnown = contextsOf(data).some((name) => name === CONTEXT || name === 'base:')
      if (option === OPTION.setMetaContext) state.hasContext = isKnown && state.hasStructuredReplies
      if (isKnown) {
        const id = Buffer.alloc(4)
        id.writeUInt32BE(CONTEXT_ID)
        reply(socket, option, OPTION_REPLY.metaContext, id, Buffer.from(CONTEXT))
      }
      reply(socket, option, OPTION_REPLY.ack)
    } else if (option === OPTION.info || option === OPTION.go) {
      const disk = await state.find(nameAt(data, 0).text)
      if (!disk) {
        reply(socket, option, OPTION_REPLY.errorUnknown, Buffer.from('there is no such export'))
        return null
      }
      infoReply(socket, option, disk)
      if (option === OPTION.go) return disk
    } else reply(socket, option, OPTION_REPLY.errorUnsupported)
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    reply(socket, option, OPTION_REPLY.errorInvalid)
  }
  return null
}

function infoReply(socket: Socket, option: number, disk: NbdDisk): void {
  const shape = Buffer.alloc(12)
  shape.writeUInt16BE(INFO_EXPORT, 0)
  shape.writeBigUInt64BE(BigInt(disk.sizeBytes), 2)
  shape.writeUInt16BE(EXPORT_FLAGS, 10)
  reply(socket, option, OPTION_REPLY.info, shape)
  const blocks = Buffer.alloc(14)
  blocks.writeUInt16BE(INFO_BLOCK_SIZE, 0)
  blocks.writeUInt32BE(1, 2)
  blocks.writeUInt32BE(BLOCK_BYTES_PREFERRED, 6)
  blocks.writeUInt32BE(LENGTH_MAX, 10)
  reply(socket, option, OPTION_REPLY.info, blocks)
  reply(socket, option, OPTION_REPLY.ack)
}

/** @throws RangeError when the data ends before. */
function nameAt(data: Buffer, at: number): { text: string; next: number } {
  const length = data.readUInt32BE(at)
  const next = at + 4 + length
  if (length > NAME_BYTES_MAX || next > data.length) throw new RangeError('a name out of bounds')
  return { text: data.toString('utf8', at + 4, next), next }
}

function contextsOf(data: Buffer): string[] {
  let { next } = nameAt(data, 0)
  const count = data.readUInt32BE(next)
  next += 4
  const names: string[] = []
  for (let index = 0; index < count; index++) {
    const query = nameAt(data, next)
    names.push(query.text)
    next = query.next
  }
  // An empty list asks for everything there is.
  return names.length === 0 ? ['base:'] : names
}

function reply(socket: Socket, option: number, type: number, ...data: readonly Buffer[]): void {
  const head = Buffer.alloc(20)
  head.writeBigUInt64BE(MAGIC_OPTION_REPLY, 0)
  head.writeUInt32BE(option, 8)
  head.writeUInt32BE(type, 12)
  head.writeUInt32BE(
    data.reduce((sum, part) => sum + part.length, 0),
    16,
  )
  socket.write(Buffer.concat([head, ...data]))
}
