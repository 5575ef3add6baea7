/** From a point's disk to where it is restored: piece by piece, a few at once, and zeros not at all. */
import { eachPieceRead } from './pieces.ts'
import type { DiskWriter, PointDisk, Range, WorkOptions } from './vault.ts'

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
  const use = async (start: number, bytes: Uint8Array): Promise<void> => {
    await writer.write(start, [bytes], signal)
    doneBytes += bytes.length
    onProgress?.({ doneBytes, totalBytes })
  }
  if (disk.eachPiece) await disk.eachPiece(ranges, signal, use)
  else await eachPieceRead(disk, ranges, signal, use)
  await writer.finish()
  return totalBytes
}
