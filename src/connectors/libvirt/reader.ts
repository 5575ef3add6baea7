/** A disk that an NBD server holds still, as the engine reads one. */
import type { DiskReader, Range } from '../../backup/vault.ts'
import {
  ALLOCATION_ZERO,
  BITMAP_DIRTY,
  CONTEXT_ALLOCATION,
  contextOfBitmap,
  nbdConnect,
  type NbdClient,
} from '../../lib/nbd/client.ts'
import type { NbdPlace } from './session-link.ts'

/** `bitmap`: what was written since the base point is marked in it; null: not known. */
export async function readerOf(
  place: NbdPlace,
  exportName: string,
  bitmap: string | null,
  signal: AbortSignal,
): Promise<DiskReader> {
  const dirty = bitmap === null ? null : contextOfBitmap(bitmap)
  const contexts = [CONTEXT_ALLOCATION, ...(dirty === null ? [] : [dirty])]
  const { address, tls } = place
  const client = await nbdConnect(address, { exportName, contexts, tls, signal })
  if (dirty !== null && !client.contexts.has(dirty)) {
    await client.close()
    throw new BitmapMissingError(exportName)
  }
  return {
    sizeBytes: client.sizeBytes,
    allocated: (aborted) => allocated(client, aborted),
    changed: dirty === null ? null : (aborted) => marked(client, dirty, aborted),
    read: (offset, length, aborted) => client.read(offset, length, aborted),
    close: () => client.close(),
  }
}

/** The server has the disk and not the bitmap that was asked for. */
export class BitmapMissingError extends Error {
  override name = 'BitmapMissingError'
  constructor(disk: string) {
    super(`what changed on ${disk} is not known any more`)
  }
}

async function* allocated(client: NbdClient, signal: AbortSignal): AsyncIterable<Range> {
  const whole = { start: 0, length: client.sizeBytes }
  // A server that does not say what is zero has all of it.
  if (!client.contexts.has(CONTEXT_ALLOCATION)) return yield whole
  for await (const { start, length, flags } of client.extents(CONTEXT_ALLOCATION, whole, signal)) {
    if (!(flags & ALLOCATION_ZERO)) yield { start, length }
  }
}

async function* marked(
  client: NbdClient,
  context: string,
  signal: AbortSignal,
): AsyncIterable<Range> {
  const whole = { start: 0, length: client.sizeBytes }
  for await (const { start, length, flags } of client.extents(context, whole, signal)) {
    if (flags & BITMAP_DIRTY) yield { start, length }
  }
}
