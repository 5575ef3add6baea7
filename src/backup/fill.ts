/** From a point's disk to where it is restored: piece by piece, a few at once, and zeros not at all. */
import { eachOf } from './pool.ts'
import { letGo } from './record.ts'
import type { DiskWriter, PointDisk, Range, WorkOptions } from './vault.ts'

/** Several chunks each, so that a pack is read in few steps. */
const PIECE_BYTES = 4 * 1024 * 1024
const PIECES_AT_ONCE = 4

/** Durable when it resolves. */
export async function diskFill(
  disk: PointDisk,
  writer: DiskWriter,
  { signal, onProgress }: WorkOptions,
): Promise<number> {
  let totalBytes = 0
  const ranges: Range[] = []
  for await (const range of disk.allocated(signal)) {
    ranges.push(range)
    totalBytes += range.length
  }
  let doneBytes = 0
  await eachOf(piecesOf(ranges), PIECES_AT_ONCE, async ({ start, length }) => {
    signal.throwIfAborted()
    const parts = disk.readOnce
      ? await disk.readOnce(start, length, signal)
      : [await disk.read(start, length, signal)]
    await writer.write(start, parts, signal)
    parts.forEach(letGo)
    doneBytes += length
    onProgress?.({ doneBytes, totalBytes })
  })
  await writer.finish()
  return totalBytes
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
