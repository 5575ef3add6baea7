/**
 * The serial console's log: QEMU appends to `serial.log`, we read its end and keep it from growing without bound.
 * QEMU opens it with O_APPEND, so cutting it to nothing is safe; bytes that arrive between the copy and the cut (a
 * few microseconds) are lost. While no daemon runs, nobody cuts: the bound then is what the guest prints.
 */
import { open, stat, truncate, writeFile, type FileHandle } from 'node:fs/promises'

/** What EC2 returns: "the most recent 64 KB". */
export const CONSOLE_BYTES_MAX = 64 * 1024
export const SERIAL_LOG_BYTES_MAX = 4 * 1024 * 1024

export async function readTail(path: string, bytesMax: number): Promise<Buffer | null> {
  let handle: FileHandle
  try {
    handle = await open(path, 'r')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  try {
    const { size } = await handle.stat()
    const length = Math.min(size, bytesMax)
    const buffer = Buffer.alloc(length)
    const { bytesRead } = await handle.read(buffer, 0, length, size - length)
    return buffer.subarray(0, bytesRead)
  } finally {
    await handle.close()
  }
}

/** The last 64 KiB across the current log and what was cut from it; null when there never was a console. */
export async function consoleTail(
  log: string,
  older: string,
): Promise<{ bytes: Uint8Array; at: number } | null> {
  const current = await readTail(log, CONSOLE_BYTES_MAX)
  if (current === null) return null
  const { mtimeMs } = await stat(log)
  const missing = CONSOLE_BYTES_MAX - current.length
  const before = missing > 0 ? await readTail(older, missing) : null
  return { bytes: Buffer.concat([before ?? Buffer.alloc(0), current]), at: Math.floor(mtimeMs) }
}

/** Cuts a log that has grown too long, keeping its end in `older`. @returns whether it did. */
export async function consoleTrim(log: string, older: string): Promise<boolean> {
  const info = await stat(log).catch(() => null)
  if (info === null || info.size <= SERIAL_LOG_BYTES_MAX) return false
  const tail = await readTail(log, CONSOLE_BYTES_MAX)
  await writeFile(older, tail ?? '', { mode: 0o600 })
  await truncate(log, 0)
  return true
}

/** The last lines of QEMU's own log, from where this run began: the words for `detail`. */
export async function logTail(path: string, from: number, linesMax = 8): Promise<string> {
  const size = (await stat(path).catch(() => null))?.size ?? 0
  const bytes = Math.min(Math.max(0, size - from), 8 * 1024)
  const tail = bytes > 0 ? await readTail(path, bytes) : null
  return (tail ?? '').toString().trim().split('\n').slice(-linesMax).join('\n')
}
