/**
 * Raw DEFLATE (RFC 1951), for streams whose end is known by what they hold: behind it lies what belongs to nobody, and
 * the browser's own DecompressionStream takes that for an error. Pure.
 */
import { t } from '../text/t.ts'

const LENGTH_BASE = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131,
  163, 195, 227, 258,
]
const LENGTH_BITS = [
  0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
]
const DISTANCE_BASE = [
  1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049,
  3073, 4097, 6145, 8193, 12_289, 16_385, 24_577,
]
const DISTANCE_BITS = [
  0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
]
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]
const BITS_MAX = 15

/** Canonical codes: how many there are of each length, and their symbols in order. */
interface Codes {
  counts: Uint16Array
  symbols: Uint16Array
}

function codesOf(lengths: Uint8Array): Codes {
  const counts = new Uint16Array(BITS_MAX + 1)
  for (const length of lengths) counts[length]! += 1
  counts[0] = 0
  const offsets = new Uint16Array(BITS_MAX + 2)
  for (let n = 1; n <= BITS_MAX; n++) offsets[n + 1] = offsets[n]! + counts[n]!
  const symbols = new Uint16Array(lengths.length)
  for (const [symbol, length] of lengths.entries()) {
    if (length > 0) symbols[offsets[length]!++] = symbol
  }
  return { counts, symbols }
}

const FIXED_LENGTHS = Uint8Array.from({ length: 288 }, (_, n) =>
  n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8,
)
const FIXED = { literals: codesOf(FIXED_LENGTHS), distances: codesOf(new Uint8Array(30).fill(5)) }

class Bits {
  readonly #bytes: Uint8Array
  #at = 0
  #held = 0
  #count = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  take(count: number): number {
    while (this.#count < count) {
      if (this.#at >= this.#bytes.length) throw new Error(t('the compressed data end too soon'))
      this.#held |= this.#bytes[this.#at++]! << this.#count
      this.#count += 8
    }
    const value = this.#held & ((1 << count) - 1)
    this.#held >>>= count
    this.#count -= count
    return value
  }

  symbol({ counts, symbols }: Codes): number {
    let code = 0
    let first = 0
    let index = 0
    for (let length = 1; length <= BITS_MAX; length++) {
      code |= this.take(1)
      const count = counts[length]!
      if (code - count < first) return symbols[index + (code - first)]!
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw new Error(t('the compressed data are damaged'))
  }

  /** A stored block lies at whole bytes. */
  stored(): Uint8Array {
    this.#held = 0
    this.#count = 0
    const length = this.#bytes[this.#at]! | (this.#bytes[this.#at + 1]! << 8)
    const from = this.#at + 4
    this.#at = from + length
    if (!(this.#at <= this.#bytes.length)) throw new Error(t('the compressed data end too soon'))
    return this.#bytes.subarray(from, this.#at)
  }
}

function dynamicCodes(bits: Bits): { literals: Codes; distances: Codes } {
  const [literals, distances, codes] = [bits.take(5) + 257, bits.take(5) + 1, bits.take(4) + 4]
  const lengths = new Uint8Array(literals + distances)
  const codeLengths = new Uint8Array(19)
  for (let n = 0; n < codes; n++) codeLengths[CODE_ORDER[n]!] = bits.take(3)
  const code = codesOf(codeLengths)
  for (let n = 0; n < lengths.length;) {
    const symbol = bits.symbol(code)
    if (symbol < 16) {
      lengths[n++] = symbol
      continue
    }
    const value = symbol === 16 ? lengths[n - 1]! : 0
    const times =
      symbol === 16 ? 3 + bits.take(2) : symbol === 17 ? 3 + bits.take(3) : 11 + bits.take(7)
    lengths.fill(value, n, (n += times))
  }
  return {
    literals: codesOf(lengths.subarray(0, literals)),
    distances: codesOf(lengths.subarray(literals)),
  }
}

/** The first `size` bytes of what it holds. @throws when there are fewer, or it is none. */
export function inflated(bytes: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(size)
  const bits = new Bits(bytes)
  let at = 0
  for (let isLast = false; !isLast && at < size;) {
    isLast = bits.take(1) === 1
    const type = bits.take(2)
    if (type === 0) {
      const stored = bits.stored().subarray(0, size - at)
      out.set(stored, at)
      at += stored.length
      continue
    }
    if (type === 3) throw new Error(t('the compressed data are damaged'))
    const { literals, distances } = type === 1 ? FIXED : dynamicCodes(bits)
    while (at < size) {
      const symbol = bits.symbol(literals)
      if (symbol === 256) break
      if (symbol < 256) {
        out[at++] = symbol
        continue
      }
      const length = (LENGTH_BASE[symbol - 257] ?? 0) + bits.take(LENGTH_BITS[symbol - 257] ?? 0)
      const distance = bits.symbol(distances)
      const back = (DISTANCE_BASE[distance] ?? 0) + bits.take(DISTANCE_BITS[distance] ?? 0)
      if (back > at || back === 0) throw new Error(t('the compressed data are damaged'))
      for (let end = Math.min(size, at + length); at < end; at++) out[at] = out[at - back]!
    }
  }
  if (at < size) throw new Error(t('the compressed data end too soon'))
  return out
}
