/**
 * ASN.1 in DER, as far as certificates and CMS messages need it: small functions that return encoded values, and a
 * reader that walks one level. Node can read certificates but not make them, and has no CMS.
 */

export function der(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(contents)
  return Buffer.concat([Buffer.from([tag]), lengthOf(body.length), body])
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length])
  const hex = length.toString(16)
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex')
  return Buffer.concat([Buffer.from([0x80 | bytes.length]), bytes])
}

export const derSequence = (...items: readonly Uint8Array[]): Buffer => der(0x30, ...items)
export const derNull = (): Buffer => der(0x05)
export const derOctets = (bytes: Uint8Array): Buffer => der(0x04, bytes)
export const derBits = (bytes: Uint8Array): Buffer => der(0x03, Buffer.alloc(1), bytes)
export const derText = (text: string): Buffer => der(0x0c, Buffer.from(text, 'utf8'))
export const derTrue = (): Buffer => der(0x01, Buffer.from([0xff]))

/** DER demands that the members of a SET OF are sorted by their encoding. */
export function derSet(...items: readonly Uint8Array[]): Buffer {
  return der(0x31, ...items.map((item) => Buffer.from(item)).sort(Buffer.compare))
}

/** A context-specific constructed tag, `[number]`. */
export const derTagged = (number: number, ...items: readonly Uint8Array[]): Buffer =>
  der(0xa0 | number, ...items)

/** A non-negative number, big-endian. */
export function derInteger(value: number | Uint8Array): Buffer {
  const bytes = typeof value === 'number' ? Buffer.from([value]) : Buffer.from(value)
  let at = 0
  while (at < bytes.length - 1 && bytes[at] === 0) at++
  const plain = bytes.subarray(at)
  return der(0x02, ...((plain[0] ?? 0) >= 0x80 ? [Buffer.alloc(1)] : []), plain)
}

export function derOid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const septets = [arc & 0x7f]
    for (let left = arc >>> 7; left > 0; left >>>= 7) septets.unshift((left & 0x7f) | 0x80)
    bytes.push(...septets)
  }
  return der(0x06, Buffer.from(bytes))
}

/** UTCTime to 2049, GeneralizedTime after, as RFC 5280 and RFC 5652 demand. */
export function derTime(ms: number): Buffer {
  const stamp = `${new Date(ms).toISOString().slice(0, 19).replace(/[-:T]/g, '')}Z`
  const isLate = Number(stamp.slice(0, 4)) >= 2050
  return isLate ? der(0x18, Buffer.from(stamp)) : der(0x17, Buffer.from(stamp.slice(2)))
}

export interface DerValue {
  tag: number
  contents: Buffer
  /** With tag and length. */
  encoded: Buffer
}

/** The values that `bytes` consists of. @throws RangeError when they do not fill it exactly. */
export function derRead(bytes: Buffer): DerValue[] {
  const values: DerValue[] = []
  for (let at = 0; at < bytes.length;) {
    let start = at + 2
    let length = bytes.readUInt8(at + 1)
    if (length >= 0x80) {
      const count = length & 0x7f
      length = bytes.readUIntBE(start, count)
      start += count
    }
    const end = start + length
    if (end > bytes.length) throw new RangeError('value beyond the end')
    const encoded = bytes.subarray(at, end)
    values.push({ tag: bytes[at]!, contents: bytes.subarray(start, end), encoded })
    at = end
  }
  return values
}
