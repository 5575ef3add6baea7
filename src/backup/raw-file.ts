/**
 * A raw file that a disk is restored to, with holes where it is zero. Written past the page cache where the file system
 * can do that: the host's memory is for machines, and what is durable at the end need not be copied there first.
 * Elsewhere what was written goes to the disk while more is written: all of it at the end would take as long again.
 */
import { constants, open, type FileHandle } from 'node:fs/promises'
import { writeAll } from '../lib/write-all.ts'
import type { DiskWriter } from './vault.ts'

const SYNC_BYTES = 128 * 1024 * 1024
/** Of offset, length and memory: what any disk wants that is written directly. */
const DIRECT_BYTES = 4096
const FILE_MODE = 0o600

/** Creates the file, of that length. @throws when it is there. */
export async function createRawFile(path: string, sizeBytes: number): Promise<DiskWriter> {
  const handle = await open(path, 'wx', FILE_MODE)
  try {
    await handle.truncate(sizeBytes)
    return writerOf(handle, await openDirect(handle))
  } catch (error) {
    await handle.close()
    throw error
  }
}

/** The same file, whatever is done to its name. Null: the file system has no such way. */
function openDirect({ fd }: FileHandle): Promise<FileHandle | null> {
  const flags = constants.O_WRONLY | constants.O_DIRECT
  return open(`/proc/self/fd/${fd}`, flags).catch(() => null)
}

/** Not so, or not these: by what file systems say of it. */
const isRefused = (error: unknown): boolean =>
  ['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'].includes((error as NodeJS.ErrnoException).code ?? '')

function writerOf(handle: FileHandle, direct: FileHandle | null): DiskWriter {
  let canDirect = direct !== null
  let unsyncedBytes = 0
  let syncing: Promise<void> | null = null
  /** The kernel tells a failure once, to whoever asks first. */
  let failure: { error: unknown } | null = null
  const sync = async (): Promise<void> => {
    try {
      await handle.datasync()
    } catch (error) {
      failure ??= { error }
    }
  }
  /** How many of the bytes were written so. */
  const writeDirect = async (offset: number, bytes: Uint8Array): Promise<number> => {
    if (!canDirect || !(bytes.buffer instanceof SharedArrayBuffer)) return 0
    if (offset % DIRECT_BYTES !== 0 || bytes.byteOffset % DIRECT_BYTES !== 0) return 0
    const length = bytes.length - (bytes.length % DIRECT_BYTES)
    try {
      await writeAll(direct!, [bytes.subarray(0, length)], offset)
      return length
    } catch (error) {
      if (!isRefused(error)) throw error
      canDirect = false
      return 0
    }
  }
  const write: DiskWriter['write'] = async (offset, parts) => {
    let at = offset
    for (const part of parts) {
      if (failure) throw failure.error
      const written = await writeDirect(at, part)
      const left = part.subarray(written)
      await writeAll(handle, [left], at + written)
      at += part.length
      unsyncedBytes += left.length
    }
    if (unsyncedBytes < SYNC_BYTES || syncing) return
    unsyncedBytes = 0
    syncing = sync().finally(() => (syncing = null))
  }
  return {
    write,
    finish: async () => {
      await syncing
      await sync()
      if (failure) throw failure.error
    },
    close: async () => {
      await syncing
      await Promise.all([direct?.close(), handle.close()])
    },
  }
}
