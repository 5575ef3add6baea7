/**
 * Decompresses LZ4's "legacy frame", the form in which Linux kernels are packed. Pure.
 * (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md)
 */
import { assert } from '../lib/assert.ts'

export const LZ4_LEGACY_MAGIC = 0x184c2102
/** The legacy form's fixed block size. */
const BLOCK_BYTES_MAX = 8 * 1024 * 1024

/** The whole content; bytes after the last whole block (a kernel appends its size) are ignored. */
export function lz4LegacyDecompress(data: Buffer, outputBytesMax: number): Buffer {
  assert(data.readUInt32LE(0) === LZ4_LEGACY_MAGIC, 'lz4: not a legacy frame')
  const output = Buffer.allocUnsafe(outputBytesMax)
  let written = 0
  let at = 4
  while (at + 4 <= data.length) {
    const size = data.readUInt32LE(at)
    if (size === LZ4_LEGACY_MAGIC) {
      at += 4
      continue
    }
    if (size === 0 || at + 4 + size > data.length) break
    const limit = Math.min(output.length, written + BLOCK_BYTES_MAX)
    written = decompressBlock(data.subarray(at + 4, at + 4 + size), output, written, limit)
    at += 4 + size
  }
  return output.subarray(0, written)
}

function decompressBlock(input: Buffer, output: Buffer, start: number, limit: number): number {
  let from = 0
  let to = start
  const readLength = (nibble: number): number => {
    let length = nibble
    if (nibble !== 15) return length
    let byte
    do {
      byte = input[from++]
      assert(byte !== undefined, 'lz4: cut short')
      length += byte
    } while (byte === 255)
    return length
  }
  while (from < input.length) {
    const token = input[from++]!
    const literals = readLength(token >> 4)
    assert(from + literals <= input.length && to + literals <= limit, 'lz4: literals out of range')
    input.copy(output, to, from, from + literals)
    from += literals
    to += literals
    if (from >= input.length) break
    const offset = input.readUInt16LE(from)
    from += 2
    const length = readLength(token & 15) + 4
    assert(offset > 0 && offset <= to - start && to + length <= limit, 'lz4: match out of range')
    if (offset >= length) {
      output.copyWithin(to, to - offset, to - offset + length)
      to += length
    } else {
      // Source and destination overlap: the format means byte by byte.
      for (let count = 0; count < length; count++, to++) output[to] = output[to - offset]!
    }
  }
  return to
}
