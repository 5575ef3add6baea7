/**
 * A raw file that a disk is restored to, with holes where it is zero. What was written goes to the disk while more is
 * written: all of it at the end would take as long again.
 */
import type { FileHandle } from 'node:fs/promises'
import { writeAll } from '../lib/write-all.ts'
import type { DiskWriter } from './vault.ts'

const SYNC_BYTES = 128 * 1024 * 1024

/** The file is the caller's to close. */
export function rawFileWriter(handle: FileHandle): DiskWriter {
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
  return {
    write: async (offset, parts) => {
      if (failure) throw failure.error
      await writeAll(handle, parts, offset)
      for (const { length } of parts) unsyncedBytes += length
      if (unsyncedBytes < SYNC_BYTES || syncing) return
      unsyncedBytes = 0
      syncing = sync().finally(() => (syncing = null))
    },
    finish: async () => {
      await syncing
      await sync()
      if (failure) throw failure.error
    },
    close: async () => void (await syncing),
  }
}
