/** One bit a chunk: what of a disk is to be read. 64 TiB take 32 MiB. */
import { CHUNK_BYTES, chunkCount } from './format.ts'
import { VaultError } from './errors.ts'
import type { Range } from './vault.ts'

export interface ChunkBits {
  has(index: number): boolean
  set(index: number): void
  clear(index: number): void
  setAll(from: number, until: number): void
  count(): number
}

export function chunkBits(count: number): ChunkBits {
  const bits = new Uint8Array(Math.ceil(count / 8))
  let set = 0
  const has = (index: number): boolean => (bits[index >> 3]! & (1 << (index & 7))) !== 0
  const add = (index: number): void => {
    if (has(index)) return
    bits[index >> 3]! |= 1 << (index & 7)
    set++
  }
  return {
    has,
    set: add,
    clear: (index) => {
      if (!has(index)) return
      bits[index >> 3]! &= ~(1 << (index & 7))
      set--
    },
    setAll: (from, until) => {
      for (let index = from; index < Math.min(until, count); index++) add(index)
    },
    count: () => set,
  }
}

/** The chunks that these ranges touch. @throws VaultError for a range outside of the disk. */
export async function chunksTouched(
  sizeBytes: number,
  ranges: AsyncIterable<Range>,
): Promise<ChunkBits> {
  const bits = chunkBits(chunkCount(sizeBytes))
  for await (const { start, length } of ranges) {
    if (!(start >= 0 && length >= 0 && start + length <= sizeBytes)) {
      throw new VaultError(`a range of the disk lies outside of it: ${start}+${length}`)
    }
    if (length === 0) continue
    bits.setAll(Math.floor(start / CHUNK_BYTES), Math.ceil((start + length) / CHUNK_BYTES))
  }
  return bits
}
