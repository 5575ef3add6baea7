/**
 * CBOR (RFC 8949), the part that Smithy's rpc-v2-cbor uses: maps with text keys, arrays, text, bytes, integers,
 * floats, booleans, null and tag 1 for dates. Decoding accepts indefinite lengths and half floats as well.
 * Everything malformed throws `CborError`; depth and sizes are bounded by the body's own length.
 */
export class CborError extends Error {
  override name = 'CborError'
}

const DEPTH_MAX = 64

interface Cursor {
  bytes: Buffer
  at: number
}

export function decodeCbor(bytes: Buffer): unknown {
  const cursor = { bytes, at: 0 }
  try {
    const value = readItem(cursor, 0)
    if (cursor.at !== bytes.length) throw new CborError('bytes after the end')
    return value
  } catch (error) {
    if (error instanceof RangeError) throw new CborError('the data ends early', { cause: error })
    throw error
  }
}

const BREAK = Symbol('break')

function readItem(cursor: Cursor, depth: number): unknown {
  if (depth > DEPTH_MAX) throw new CborError('nested too deeply')
  const head = cursor.bytes.readUInt8(cursor.at++)
  const major = head >> 5
  const minor = head & 31
  if (major === 7) return readSimple(cursor, minor)
  const endless = minor === 31
  const count = endless ? Infinity : readCount(cursor, minor)
  switch (major) {
    case 0:
      return toNumber(count)
    case 1:
      return typeof count === 'bigint' ? Number(-1n - count) : -1 - count
    case 2:
      return Buffer.concat(readChunks(cursor, count, depth))
    case 3:
      return Buffer.concat(readChunks(cursor, count, depth)).toString('utf8')
    case 4:
      return readArray(cursor, toNumber(count), depth)
    case 5:
      return readMap(cursor, toNumber(count), depth)
    default:
      return readTag(toNumber(count), readItem(cursor, depth + 1))
  }
}

function toNumber(count: number | bigint): number {
  return Number(count)
}

function readCount(cursor: Cursor, minor: number): number | bigint {
  if (minor < 24) return minor
  const { bytes, at } = cursor
  switch (minor) {
    case 24:
      cursor.at += 1
      return bytes.readUInt8(at)
    case 25:
      cursor.at += 2
      return bytes.readUInt16BE(at)
    case 26:
      cursor.at += 4
      return bytes.readUInt32BE(at)
    case 27: {
      cursor.at += 8
      const value = bytes.readBigUInt64BE(at)
      return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
    }
    default:
      throw new CborError(`length code ${minor}`)
  }
}

function readChunks(cursor: Cursor, count: number | bigint, depth: number): Buffer[] {
  if (count === Infinity) {
    const chunks: Buffer[] = []
    for (;;) {
      const item = readItem(cursor, depth + 1)
      if (item === BREAK) return chunks
      if (typeof item !== 'string' && !Buffer.isBuffer(item)) throw new CborError('a wrong chunk')
      chunks.push(Buffer.from(item as string))
    }
  }
  const end = cursor.at + Number(count)
  if (end > cursor.bytes.length) throw new CborError('the data ends early')
  const chunk = cursor.bytes.subarray(cursor.at, end)
  cursor.at = end
  return [chunk]
}

function readArray(cursor: Cursor, count: number, depth: number): unknown[] {
  const out: unknown[] = []
  while (out.length < count) {
    const item = readItem(cursor, depth + 1)
    if (item === BREAK) break
    out.push(item)
  }
  return out
}

function readMap(cursor: Cursor, count: number, depth: number): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (let index = 0; index < count; index++) {
    const key = readItem(cursor, depth + 1)
    if (key === BREAK) break
    if (typeof key !== 'string') throw new CborError('a key that is not text')
    // As JSON.parse does: `__proto__` becomes an ordinary member.
    Object.defineProperty(out, key, {
      value: readItem(cursor, depth + 1),
      enumerable: true,
      writable: true,
      configurable: true,
    })
  }
  return out
}

function readTag(tag: number, value: unknown): unknown {
  if (tag === 1 && typeof value === 'number') return new Date(Math.round(value * 1000))
  return value
}

function readSimple(cursor: Cursor, minor: number): unknown {
  const { bytes, at } = cursor
  switch (minor) {
    case 20:
      return false
    case 21:
      return true
    case 22:
    case 23:
      return null
    case 25:
      cursor.at += 2
      return halfFloat(bytes.readUInt16BE(at))
    case 26:
      cursor.at += 4
      return bytes.readFloatBE(at)
    case 27:
      cursor.at += 8
      return bytes.readDoubleBE(at)
    case 31:
      return BREAK
    default:
      throw new CborError(`simple value ${minor}`)
  }
}

function halfFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1
  const exponent = (bits >> 10) & 31
  const fraction = bits & 1023
  if (exponent === 31) return fraction ? NaN : sign * Infinity
  if (exponent === 0) return sign * fraction * 2 ** -24
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15)
}

export function encodeCbor(value: unknown): Buffer {
  const chunks: Buffer[] = []
  writeItem(chunks, value)
  return Buffer.concat(chunks)
}

function head(major: number, count: number): Buffer {
  if (count < 24) return Buffer.from([(major << 5) | count])
  if (count < 0x100) return Buffer.from([(major << 5) | 24, count])
  if (count < 0x10000) {
    const out = Buffer.from([(major << 5) | 25, 0, 0])
    out.writeUInt16BE(count, 1)
    return out
  }
  if (count < 0x100000000) {
    const out = Buffer.from([(major << 5) | 26, 0, 0, 0, 0])
    out.writeUInt32BE(count, 1)
    return out
  }
  const out = Buffer.alloc(9, (major << 5) | 27)
  out.writeBigUInt64BE(BigInt(count), 1)
  return out
}

function double(value: number): Buffer {
  const out = Buffer.alloc(9, 0xfb)
  out.writeDoubleBE(value, 1)
  return out
}

function writeItem(chunks: Buffer[], value: unknown): void {
  if (value === null || value === undefined) chunks.push(Buffer.from([0xf6]))
  else if (typeof value === 'boolean') chunks.push(Buffer.from([value ? 0xf5 : 0xf4]))
  else if (typeof value === 'number') {
    if (!Number.isSafeInteger(value)) chunks.push(double(value))
    else chunks.push(value >= 0 ? head(0, value) : head(1, -1 - value))
  } else if (typeof value === 'string') {
    const text = Buffer.from(value, 'utf8')
    chunks.push(head(3, text.length), text)
  } else if (value instanceof Date) {
    chunks.push(Buffer.from([0xc1]), double(value.getTime() / 1000))
  } else if (value instanceof Uint8Array) {
    chunks.push(head(2, value.length), Buffer.from(value))
  } else if (Array.isArray(value)) {
    chunks.push(head(4, value.length))
    for (const item of value) writeItem(chunks, item)
  } else {
    const entries = Object.entries(value as object).filter(([, item]) => item !== undefined)
    chunks.push(head(5, entries.length))
    for (const [key, item] of entries) {
      writeItem(chunks, key)
      writeItem(chunks, item)
    }
  }
}
