/**
 * A point's disk from one end to the other, for who reads all of it: a few pieces at once, each of several chunks, so
 * that a pack is read in few steps; opened by threads (decoders.ts) into memory that is used again and again.
 */
import type { Catalog, WantedChunk } from './catalog.ts'
import { openDecoders } from './decoders.ts'
import { CHUNK_BYTES, chunkLength } from './format.ts'
import { eachOf } from './pool.ts'
import type { PointDisk, Range } from './vault.ts'

const PIECE_BYTES = 4 * 1024 * 1024
/** One is read, two are opened, two are written. */
const PIECES_AT_ONCE = 5

interface Source {
  catalog: Catalog
  sizeBytes: number
  /** Null: zeros. */
  chunkId(index: number): Promise<Buffer | null>
}

type Use = (start: number, bytes: Uint8Array) => Promise<void>

export async function eachPiece(
  { catalog, sizeBytes, chunkId }: Source,
  ranges: readonly Range[],
  signal: AbortSignal,
  use: Use,
): Promise<void> {
  const decoders = openDecoders()
  const memory = sharedMemory(PIECES_AT_ONCE * PIECE_BYTES)
  const free = Array.from({ length: PIECES_AT_ONCE }, (_, slot) => slot * PIECE_BYTES)
  const read = async ({ start, length }: Range, slot: number): Promise<Uint8Array> => {
    const wanted: WantedChunk[] = []
    for (let at = 0; at < length; at += CHUNK_BYTES) {
      const index = (start + at) / CHUNK_BYTES
      const to = { memory, offset: slot + at, length: chunkLength(sizeBytes, index) }
      const id = await chunkId(index)
      if (id) wanted.push({ id, to })
      else new Uint8Array(memory, to.offset, to.length).fill(0)
    }
    await catalog.readInto(wanted, decoders, signal)
    return new Uint8Array(memory, slot, length)
  }
  try {
    await eachOf(piecesOf(ranges), PIECES_AT_ONCE, async (piece) => {
      signal.throwIfAborted()
      const slot = free.pop()!
      await use(piece.start, await read(piece, slot))
      free.push(slot)
    })
  } finally {
    decoders.close()
  }
}

/** The same of a disk that can only be read here and there. */
export function eachPieceRead(
  disk: PointDisk,
  ranges: readonly Range[],
  signal: AbortSignal,
  use: Use,
): Promise<void> {
  return eachOf(piecesOf(ranges), PIECES_AT_ONCE, async ({ start, length }) => {
    await use(start, await disk.read(start, length, signal))
  })
}

/**
 * Threads write into it; and it begins where a page of memory does, as files that are written directly want it. Of
 * whole pages of WebAssembly.
 */
export function sharedMemory(bytes: number): SharedArrayBuffer {
  const pages = Math.ceil(bytes / 65_536)
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }).buffer
}

/** As far as it is used here: Node's types leave it to those of browsers. */
declare const WebAssembly: {
  Memory: new (size: { initial: number; maximum: number; shared: true }) => {
    buffer: SharedArrayBuffer
  }
}

/** Cut at multiples of a piece, so that no chunk is read twice. */
function* piecesOf(ranges: readonly Range[]): Generator<Range, void> {
  for (const { start, length } of ranges) {
    const end = start + length
    for (let at = start; at < end;) {
      const next = Math.min(end, (Math.floor(at / PIECE_BYTES) + 1) * PIECE_BYTES)
      yield { start: at, length: next - at }
      at = next
    }
  }
}
