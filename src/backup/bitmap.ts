/**
 * One bit a chunk: what of a disk is to be read. Kept in blocks, of which those that are all zeros or all ones take no
 * memory, so that it depends on what a disk holds and not on its size: at the very worst 64 TiB take 32 MiB.
 */
import { CHUNK_BYTES, chunkCount } from './format.ts'
import { VaultError } from './errors.ts'
import type { Range } from './vault.ts'

export interface ChunkBits {
  has(index: number): boolean
  set(index: number): void
  setAll(from: number, until: number): void
  /** Takes those out that the other one has. */
  without(other: ChunkBits): void
  /** Whether any of these is there. Both are multiples of eight. */
  hasAny(from: number, until: number): boolean
  count(): number
  /** Bytes of a block, and null for one of zeros; to be read only. */
  block(index: number): Uint8Array | null
}

/** Chunks of a block: 16 GiB of disk, 8 KiB of bits. */
const BLOCK_CHUNKS = 65_536
const BLOCK_BYTES = BLOCK_CHUNKS / 8
/** Shared by all that are full, and so never written to. */
const FULL = new Uint8Array(BLOCK_BYTES).fill(0xff)

export function chunkBits(count: number): ChunkBits {
  const blocks: (Uint8Array | null)[] = Array.from(
    { length: Math.ceil(count / BLOCK_CHUNKS) },
    () => null,
  )
  const writable = (at: number): Uint8Array => {
    const block = blocks[at]
    if (block && block !== FULL) return block
    return (blocks[at] = block ? Uint8Array.from(FULL) : new Uint8Array(BLOCK_BYTES))
  }
  const set = (index: number): void => {
    const at = Math.floor(index / BLOCK_CHUNKS)
    if (blocks[at] === FULL) return
    writable(at)[(index % BLOCK_CHUNKS) >> 3]! |= 1 << (index & 7)
  }
  return {
    has: (index) => {
      const block = blocks[Math.floor(index / BLOCK_CHUNKS)]
      return !!block && (block[(index % BLOCK_CHUNKS) >> 3]! & (1 << (index & 7))) !== 0
    },
    set,
    setAll: (from, end) => {
      const until = Math.min(end, count)
      for (let index = from; index < until;) {
        const isWhole = index % BLOCK_CHUNKS === 0 && index + BLOCK_CHUNKS <= until
        if (isWhole) blocks[index / BLOCK_CHUNKS] = FULL
        else set(index)
        index += isWhole ? BLOCK_CHUNKS : 1
      }
    },
    without: (other) => {
      for (const [at, block] of blocks.entries()) {
        const gone = other.block(at)
        if (block === null || gone === null) continue
        if (gone === FULL) {
          blocks[at] = null
          continue
        }
        const left = writable(at)
        for (let byte = 0; byte < BLOCK_BYTES; byte++) left[byte]! &= ~gone[byte]!
      }
    },
    hasAny: (from, until) => {
      for (let index = from; index < until; index += 8) {
        const block = blocks[Math.floor(index / BLOCK_CHUNKS)]
        if (block && block[(index % BLOCK_CHUNKS) >> 3] !== 0) return true
      }
      return false
    },
    count: () =>
      blocks.reduce((sum, block) => sum + (block === FULL ? BLOCK_CHUNKS : onesOf(block)), 0),
    block: (at) => blocks[at] ?? null,
  }
}

const ONES = Uint8Array.from(
  { length: 256 },
  (_, byte) => byte.toString(2).replaceAll('0', '').length,
)

function onesOf(block: Uint8Array | null): number {
  let ones = 0
  for (const byte of block ?? []) ones += ONES[byte]!
  return ones
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
