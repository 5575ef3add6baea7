/**
 * The disks of a real host: chains of qcow2 files, opened by a confined qemu-nbd and spoken to over NBD. What changed
 * since an older layer is what the files above it hold: no bitmap that a kill could lose.
 */
import type { VolumeBackend } from '../../blocks/backend.ts'
import { qemuNbd } from '../../blocks/qemu-nbd.ts'
import type { DiskReader, DiskWriter, Range } from '../../backup/vault.ts'
import type { LayerId } from '../../domain/layer.ts'
import type { DiskBacking } from '../../domain/machine.ts'
import { present } from '../../lib/assert.ts'
import {
  ALLOCATION_ZERO,
  CONTEXT_ALLOCATION,
  nbdConnect,
  type NbdClient,
  type NbdExtent,
} from '../../lib/nbd/client.ts'
import type { VolumeWork } from '../volume-work.ts'
import type { BackupDisks, OpenedDisk } from './disks.ts'
import type { InstantRestore } from './disks.ts'

/** Of an extent, in which file of the chain it lies: 0 nowhere, 1 the topmost. */
const CONTEXT_DEPTH = 'qemu:allocation-depth'

export function createLocalDisks(options: {
  volumes: VolumeBackend
  work: VolumeWork
  instant?: InstantRestore
}): BackupDisks {
  const { volumes, work } = options
  return {
    instant: options.instant,
    open: async ({ layerId, keys, since }, _sizeBytes, signal) => {
      const file = await volumes.content(volumes.layers.path(layerId), keys)
      const depth = since === null ? null : depthOf(file, volumes.layers.path(since))
      const { client, close } = await connect(file, { isReadOnly: true, hasDepth: true }, signal)
      return openedDisk(client, close, { depth, since })
    },
    write: (volume, signal, fill) =>
      work.exclusively([volume.volumeId], async () => {
        const { volumeId, sizeGiB, keys } = volume
        await volumes.ensure({ volumeId, sizeGiB, source: null, keys })
        const info = present(await volumes.info(volumeId), `no volume ${volumeId}`)
        const backing = info.backing && volumes.withKeys(info.backing, keys)
        const head = { path: info.path, format: info.format, key: keys?.head ?? null, backing }
        const { client, close } = await connect(head, { isReadOnly: false }, signal)
        try {
          await zeroed(client, signal)
          return await fill(writerOf(client, close), client.sizeBytes)
        } finally {
          await close()
        }
      }),
  }
}

/** Files above `path`; null: it is not in the chain. */
function depthOf(top: DiskBacking, path: string): number | null {
  let depth = 0
  for (let file: DiskBacking | null | undefined = top; file; file = file.backing) {
    if (file.path === path) return depth
    depth++
  }
  return null
}

async function connect(
  file: DiskBacking,
  options: { isReadOnly: boolean; hasDepth?: boolean },
  signal: AbortSignal,
): Promise<{ client: NbdClient; close: () => Promise<void> }> {
  const server = await qemuNbd(file, { ...options, signal })
  try {
    const contexts = [CONTEXT_ALLOCATION, ...(options.hasDepth ? [CONTEXT_DEPTH] : [])]
    const client = await nbdConnect({ path: server.socket }, { contexts, signal })
    const close = async (): Promise<void> => {
      await client.close()
      await server.close()
    }
    return { client, close }
  } catch (error) {
    await server.close()
    throw error
  }
}

function openedDisk(
  client: NbdClient,
  close: () => Promise<void>,
  { depth, since }: { depth: number | null; since: LayerId | null },
): OpenedDisk {
  const whole = { start: 0, length: client.sizeBytes }
  const isAbove = ({ flags }: NbdExtent): boolean => flags !== 0 && depth !== null && flags <= depth
  const reader: DiskReader = {
    sizeBytes: client.sizeBytes,
    allocated: (signal) =>
      ranges(
        client.extents(CONTEXT_ALLOCATION, whole, signal),
        ({ flags }) => !(flags & ALLOCATION_ZERO),
      ),
    changed:
      depth === null
        ? null
        : (signal) => ranges(client.extents(CONTEXT_DEPTH, whole, signal), isAbove),
    read: (offset, length, signal) => client.read(offset, length, signal),
    close,
  }
  const isLost = since !== null && depth === null
  return { reader, fullReason: isLost ? 'the volume does not lie on that layer any more' : null }
}

async function* ranges(
  extents: AsyncIterable<NbdExtent>,
  isWanted: (extent: NbdExtent) => boolean,
): AsyncIterable<Range> {
  let last: Range | undefined
  for await (const extent of extents) {
    if (!isWanted(extent)) continue
    const { start, length } = extent
    if (last && last.start + last.length === start) last.length += length
    else {
      if (last) yield last
      last = { start, length }
    }
  }
  if (last) yield last
}

/** A volume's own file upon something else: what it does not hold itself, and a way to write it. */
export async function openForFill(
  head: DiskBacking,
  signal: AbortSignal,
): Promise<{
  client: NbdClient
  missing(signal: AbortSignal): AsyncIterable<Range>
  close(): Promise<void>
}> {
  const { client, close } = await connect(head, { isReadOnly: false, hasDepth: true }, signal)
  const whole = { start: 0, length: client.sizeBytes }
  return {
    client,
    close,
    missing: (until) =>
      ranges(client.extents(CONTEXT_DEPTH, whole, until), ({ flags }) => flags !== 1),
  }
}

/** An earlier try may have left something, or an image lies beneath. */
async function zeroed(client: NbdClient, signal: AbortSignal): Promise<void> {
  const whole = { start: 0, length: client.sizeBytes }
  for await (const { start, length, flags } of client.extents(CONTEXT_ALLOCATION, whole, signal)) {
    if (!(flags & ALLOCATION_ZERO)) await client.writeZeroes(start, length, signal)
  }
}

function writerOf(client: NbdClient, close: () => Promise<void>): DiskWriter {
  return {
    write: (offset, parts, signal) => client.write(offset, parts, signal),
    finish: () => client.flush(),
    close,
  }
}
