/**
 * A long secret in a file: pieces sealed one by one (AES-256-GCM) under a key of the file's own, derived from the
 * caller's. Guarantees: what opens is the whole of what was written, in its order; a piece that is changed, missing or
 * from elsewhere is an error, never silence.
 */
import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import type { FileHandle } from 'node:fs/promises'

const MAGIC = Buffer.from('BRUMESLD')
const SALT_BYTES = 32
const TAG_BYTES = 16
/** Long enough that the cipher is busy, short enough for memory. */
const PIECE_BYTES = 1024 * 1024
const HEAD_BYTES = 5
const MORE = 0
const LAST = 1

/** Writes what `source` gives; the caller makes the file durable. @returns How many bytes there were. */
export async function sealTo(
  file: FileHandle,
  key: string,
  source: AsyncIterable<Uint8Array>,
): Promise<number> {
  const salt = randomBytes(SALT_BYTES)
  const derived = keyOf(key, salt)
  let at = 0
  const put = async (bytes: Buffer): Promise<void> => {
    await file.write(bytes, 0, bytes.length, at)
    at += bytes.length
  }
  await put(Buffer.concat([MAGIC, salt]))
  let count = 0
  let total = 0
  const piece = Buffer.alloc(PIECE_BYTES)
  let filled = 0
  const flush = async (kind: number): Promise<void> => {
    const head = Buffer.alloc(HEAD_BYTES)
    head[0] = kind
    head.writeUInt32LE(filled, 1)
    const cipher = createCipheriv('aes-256-gcm', derived, nonceOf(count++)).setAAD(head)
    const sealed = Buffer.concat([cipher.update(piece.subarray(0, filled)), cipher.final()])
    await put(Buffer.concat([head, sealed, cipher.getAuthTag()]))
    filled = 0
  }
  for await (const chunk of source) {
    total += chunk.length
    for (let from = 0; from < chunk.length;) {
      if (filled === PIECE_BYTES) await flush(MORE)
      const taken = Math.min(PIECE_BYTES - filled, chunk.length - from)
      piece.set(chunk.subarray(from, from + taken), filled)
      filled += taken
      from += taken
    }
  }
  await flush(LAST)
  return total
}

/** The pieces in their order. @throws Error at the first that is not as it was written, or when the end is missing. */
export async function* unsealed(file: FileHandle, key: string): AsyncGenerator<Buffer> {
  let at = 0
  const take = async (length: number): Promise<Buffer> => {
    const bytes = Buffer.alloc(length)
    const { bytesRead } = await file.read(bytes, 0, length, at)
    if (bytesRead < length) throw new Error('a sealed file is cut off')
    at += length
    return bytes
  }
  const start = await take(MAGIC.length + SALT_BYTES)
  if (!start.subarray(0, MAGIC.length).equals(MAGIC)) throw new Error('not a sealed file')
  const derived = keyOf(key, start.subarray(MAGIC.length))
  for (let count = 0; ; count++) {
    const head = await take(HEAD_BYTES)
    const length = head.readUInt32LE(1)
    if (length > PIECE_BYTES) throw new Error('a sealed file is damaged')
    const sealed = await take(length + TAG_BYTES)
    const decipher = createDecipheriv('aes-256-gcm', derived, nonceOf(count)).setAAD(head)
    decipher.setAuthTag(sealed.subarray(length))
    const piece = decipher.update(sealed.subarray(0, length))
    try {
      decipher.final()
    } catch (cause) {
      throw new Error('a sealed file is damaged, or its key is another', { cause })
    }
    if (piece.length > 0) yield piece
    if (head[0] === LAST) return
  }
}

function keyOf(key: string, salt: Buffer): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, 'brume sealed stream', 32))
}

/** The key is this file's alone, so a counter never comes twice under it. */
function nonceOf(count: number): Buffer {
  const nonce = Buffer.alloc(12)
  nonce.writeUInt32LE(count, 0)
  return nonce
}
