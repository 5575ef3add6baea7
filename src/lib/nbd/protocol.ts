/**
 * The numbers of the NBD protocol, for both of its sides, and what they throw.
 * https://github.com/NetworkBlockDevice/nbd/blob/master/doc/proto.md
 */

export const MAGIC_SERVER = 0x4e42444d41474943n
export const MAGIC_OPTION = 0x49484156454f5054n
export const MAGIC_OPTION_REPLY = 0x0003e889045565a9n
export const MAGIC_REQUEST = 0x25609513
export const MAGIC_SIMPLE_REPLY = 0x67446698
export const MAGIC_STRUCTURED_REPLY = 0x668e33ef

export const HANDSHAKE_FIXED_NEWSTYLE = 1
export const HANDSHAKE_NO_ZEROES = 2

export const OPTION = {
  exportName: 1,
  abort: 2,
  list: 3,
  startTls: 5,
  info: 6,
  go: 7,
  structuredReply: 8,
  listMetaContext: 9,
  setMetaContext: 10,
} as const

export const OPTION_REPLY = {
  ack: 1,
  server: 2,
  info: 3,
  metaContext: 4,
  errorUnsupported: 0x8000_0001,
  errorInvalid: 0x8000_0003,
  errorUnknown: 0x8000_0006,
} as const
/** Replies from here on are refusals. */
export const OPTION_ERROR_MIN = 0x8000_0000

export const INFO_EXPORT = 0
export const INFO_BLOCK_SIZE = 3

export const TRANSMISSION = {
  hasFlags: 1,
  readOnly: 2,
  sendFlush: 4,
  sendFua: 8,
  sendTrim: 32,
  sendWriteZeroes: 64,
  canMultiConn: 256,
} as const

export const COMMAND = {
  read: 0,
  write: 1,
  disconnect: 2,
  flush: 3,
  writeZeroes: 6,
  blockStatus: 7,
} as const

export const REPLY_FLAG_DONE = 1
export const REPLY = {
  none: 0,
  offsetData: 1,
  offsetHole: 2,
  blockStatus: 5,
  error: 0x8001,
  errorOffset: 0x8002,
} as const
/** Chunk types from here on are errors. */
export const REPLY_ERROR_MIN = 0x8000

export const ERRNO = { EPERM: 1, EIO: 5, EINVAL: 22, ENOSPC: 28, ENOTSUP: 95 } as const

/** What `base:allocation` says of an extent. */
export const ALLOCATION_HOLE = 1
export const ALLOCATION_ZERO = 2
/** What `qemu:dirty-bitmap:NAME` says of one. */
export const BITMAP_DIRTY = 1

/** More than any request or option we send or take. */
export const LENGTH_MAX = 32 * 1024 * 1024
export const OPTION_BYTES_MAX = 64 * 1024
export const NAME_BYTES_MAX = 4096

export class NbdError extends Error {
  override name = 'NbdError'
  readonly reason: 'closed' | 'refused' | 'protocol' | 'failed' | 'timeout'
  /** Of a request that the other side could not serve: its errno. */
  readonly errno: number | null

  constructor(
    reason: NbdError['reason'],
    message: string,
    options: { errno?: number; cause?: unknown } = {},
  ) {
    super(message, { cause: options.cause })
    this.reason = reason
    this.errno = options.errno ?? null
  }
}
