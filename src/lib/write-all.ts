/** Parts one after the other into a file, in one call of the kernel where it takes them all at once. */
import type { FileHandle } from 'node:fs/promises'

/** Without `position`: behind what was written last. */
export async function writeAll(
  handle: FileHandle,
  parts: readonly Uint8Array[],
  position?: number,
): Promise<void> {
  let bytes = parts.reduce((sum, part) => sum + part.length, 0)
  let left = parts
  let at = position
  while (bytes > 0) {
    const { bytesWritten } = await handle.writev(left, at)
    bytes -= bytesWritten
    if (at !== undefined) at += bytesWritten
    if (bytes > 0) left = skip(left, bytesWritten)
  }
}

function skip(parts: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const left: Uint8Array[] = []
  for (const part of parts) {
    if (bytes < part.length) left.push(part.subarray(bytes))
    bytes = Math.max(0, bytes - part.length)
  }
  return left
}
