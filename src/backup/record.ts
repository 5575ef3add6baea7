/**
 * One chunk or page as it lies in a pack: header, nonce, ciphertext, tag. The header is authenticated with the
 * content, so that no byte of a record can change unnoticed. Compression runs in libuv's threads, the rest here; where
 * all of a disk or a vault is read, threads of their own do all of it at once (decoders.ts).
 */
import { createCipheriv, createDecipheriv, randomFillSync } from 'node:crypto'
import { constants, zstdCompress, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { DamagedError } from './errors.ts'
import { CHUNK_BYTES, CODING, ID_BYTES, KIND, NONCE_BYTES, TAG_BYTES, type Kind } from './format.ts'

export const RECORD_HEADER_BYTES = ID_BYTES + 12
export const RECORD_OVERHEAD_BYTES = RECORD_HEADER_BYTES + NONCE_BYTES + TAG_BYTES

const ZSTD_LEVEL = 1
const COMPRESS = {
  params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL, [constants.ZSTD_c_checksumFlag]: 0 },
  // The whole answer in one buffer, whatever the content.
  chunkSize: CHUNK_BYTES + 4096,
}
/**
 * Nothing that we wrote is longer: a frame that claims more is refused. A little room beyond it, or zlib would ask for
 * a second buffer to find that a full one was all.
 */
/** Node keeps small buffers in slabs, many in one. */
const SHARED_BYTES_MAX = 128 * 1024
const DECOMPRESS = { chunkSize: CHUNK_BYTES + 1024, maxOutputLength: CHUNK_BYTES }

export interface Encoded {
  coding: number
  body: Uint8Array
  plainBytes: number
}

/** Compressed when that saves a sixteenth at least: what does not compress is read faster as it is. */
export async function encode(kind: Kind, plain: Uint8Array): Promise<Encoded> {
  const raw = { coding: CODING.raw, body: plain, plainBytes: plain.length }
  // A page is made of ids, which are as good as random.
  if (kind === 'page') return raw
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  // Told how much it will be, zstd takes smaller tables: a tenth less processor time.
  const options = { ...COMPRESS, pledgedSrcSize: plain.length }
  zstdCompress(plain, options, (error, body) => (error ? reject(error) : resolve(body)))
  const body = await promise
  if (body.length > plain.length - plain.length / 16) {
    letGo(body)
    return raw
  }
  return { coding: CODING.zstd, body, plainBytes: plain.length }
}

/** The record's parts, in order, to be written one after the other. Takes what was encoded: it is gone afterwards. */
export function seal(key: Uint8Array, kind: Kind, id: Uint8Array, encoded: Encoded): Uint8Array[] {
  const head = Buffer.allocUnsafe(RECORD_HEADER_BYTES + NONCE_BYTES)
  head.set(id, 0)
  head[ID_BYTES] = KIND[kind]
  head[ID_BYTES + 1] = encoded.coding
  head.writeUInt16BE(0, ID_BYTES + 2)
  head.writeUInt32BE(encoded.plainBytes, ID_BYTES + 4)
  head.writeUInt32BE(encoded.body.length, ID_BYTES + 8)
  const nonce = head.subarray(RECORD_HEADER_BYTES)
  randomFillSync(nonce)
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(head.subarray(0, RECORD_HEADER_BYTES))
  const body = cipher.update(encoded.body)
  cipher.final()
  // What is raw is the caller's.
  if (encoded.coding === CODING.zstd) letGo(encoded.body)
  return [head, body, cipher.getAuthTag()]
}

export interface RecordHeader {
  id: Buffer
  kind: Kind
  coding: number
  plainBytes: number
  bodyBytes: number
  /** With header, nonce and tag. */
  recordBytes: number
}

/** Null: these bytes are no header. */
export function parseHeader(bytes: Buffer): RecordHeader | null {
  if (bytes.length < RECORD_HEADER_BYTES) return null
  const kindByte = bytes[ID_BYTES]
  const kind = kindByte === KIND.data ? 'data' : kindByte === KIND.page ? 'page' : null
  const coding = bytes[ID_BYTES + 1]!
  const plainBytes = bytes.readUInt32BE(ID_BYTES + 4)
  const bodyBytes = bytes.readUInt32BE(ID_BYTES + 8)
  const isSane = plainBytes <= CHUNK_BYTES && bodyBytes <= CHUNK_BYTES
  if (kind === null || !isSane || coding > CODING.zstd) return null
  const id = bytes.subarray(0, ID_BYTES)
  return { id, kind, coding, plainBytes, bodyBytes, recordBytes: bodyBytes + RECORD_OVERHEAD_BYTES }
}

interface Expected {
  id: Uint8Array
  /** Named when the record is damaged. */
  file: string
}

interface Unsealed {
  header: RecordHeader
  plain: Buffer
}

/**
 * The content of the record that `bytes` are. @throws DamagedError naming `file` unless they are, byte for byte, a
 * record that this vault's key wrote under this id. The id tells the kind, too: it is made of both.
 */
export async function unseal(
  key: Uint8Array,
  bytes: Buffer,
  expected: Expected,
): Promise<Unsealed> {
  const { header, body } = decipher(key, bytes, expected)
  if (header.coding === CODING.raw) return unsealed(header, body, body, expected)
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>()
  zstdDecompress(body, DECOMPRESS, (error, plain) => (error ? reject(error) : resolve(plain)))
  const plain = await promise.catch((error: unknown) => notZstd(header, expected, error))
  return unsealed(header, body, plain, expected)
}

/** The same in one go, for a thread that does nothing else. */
export function unsealNow(key: Uint8Array, bytes: Buffer, expected: Expected): Unsealed {
  const { header, body } = decipher(key, bytes, expected)
  if (header.coding === CODING.raw) return unsealed(header, body, body, expected)
  let plain: Buffer
  try {
    plain = zstdDecompressSync(body, DECOMPRESS)
  } catch (error) {
    notZstd(header, expected, error)
  }
  return unsealed(header, body, plain, expected)
}

function decipher(
  key: Uint8Array,
  bytes: Buffer,
  expected: Expected,
): { header: RecordHeader; body: Buffer } {
  const header = parseHeader(bytes)
  if (header === null || header.recordBytes !== bytes.length) {
    throw new DamagedError(expected.file, 'a record has no sane header')
  }
  if (!header.id.equals(expected.id)) {
    throw new DamagedError(expected.file, 'another record lies where one was looked for')
  }
  const bodyAt = RECORD_HEADER_BYTES + NONCE_BYTES
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(RECORD_HEADER_BYTES, bodyAt))
  decipher.setAAD(bytes.subarray(0, RECORD_HEADER_BYTES))
  decipher.setAuthTag(bytes.subarray(bytes.length - TAG_BYTES))
  try {
    const body = decipher.update(bytes.subarray(bodyAt, bytes.length - TAG_BYTES))
    decipher.final()
    return { header, body }
  } catch (error) {
    const reason = `the ${nameOf(header)} is not what was written`
    throw new DamagedError(expected.file, reason, error)
  }
}

const nameOf = ({ kind, id }: RecordHeader): string => `${kind} ${id.toString('hex').slice(0, 16)}`

function notZstd(header: RecordHeader, { file }: Expected, cause: unknown): never {
  throw new DamagedError(file, `the ${nameOf(header)} cannot be decompressed`, cause)
}

function unsealed(header: RecordHeader, body: Buffer, plain: Buffer, { file }: Expected): Unsealed {
  if (plain !== body) letGo(body)
  if (plain.length === header.plainBytes) return { header, plain }
  throw new DamagedError(file, `the ${nameOf(header)} has not its length`)
}

/** Its memory, at once, when nothing else lies in it: what waits for the collector makes the process grow. */
export function letGo(plain: Uint8Array): void {
  const { byteLength } = plain.buffer
  const isAlone = byteLength === plain.length || byteLength >= SHARED_BYTES_MAX
  if (isAlone) (plain.buffer as ArrayBuffer).transfer(0)
}
