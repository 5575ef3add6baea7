/** The disks of simulated hosts, for the same backups: their blocks as bytes, into and out of a real vault. */
import type { Range } from '../../backup/vault.ts'
import type { LayerId } from '../../domain/layer.ts'
import type { ContentRange } from '../protocol.ts'
import { SIMULATED_BLOCK_BYTES, type SimulatedVolumes } from '../simulated-volumes.ts'
import type { BackupDisks } from './disks.ts'

const GIB = 1024 ** 3

export function createSimulatedDisks(storage: SimulatedVolumes): BackupDisks {
  return {
    open: async ({ layerId, since }, sizeBytes) => {
      const content = { source: { layerId }, keys: null }
      const map = storage.contentMap(content)
      const chain = storage.chainOf(layerId)
      const above = since === null ? -1 : chain.indexOf(since)
      const changed = (range: ContentRange): boolean =>
        range.layerId !== null && chain.indexOf(range.layerId as LayerId) < above
      return {
        fullReason:
          since !== null && above < 0 ? 'the volume does not lie on that layer any more' : null,
        reader: {
          sizeBytes,
          allocated: () => rangesOf(map),
          changed: above < 0 ? null : () => rangesOf(map.filter(changed)),
          read: async (offset, length) => readAt(storage, layerId, offset, length),
          close: async () => {},
        },
      }
    },
    write: async ({ volumeId, sizeGiB, keys }, _signal, fill) => {
      storage.ensure({ volumeId, sizeGiB, source: null, keys })
      storage.all.get(volumeId)!.written.clear()
      const writer = {
        write: async (offset: number, parts: readonly Uint8Array[]) =>
          writeAt(storage, volumeId, offset, Buffer.concat(parts)),
        finish: async () => {},
        close: async () => {},
      }
      return fill(writer, sizeGiB * GIB)
    },
  }
}

async function* rangesOf(map: readonly ContentRange[]): AsyncIterable<Range> {
  for (const { start, length } of map) yield { start, length }
}

function readAt(
  storage: SimulatedVolumes,
  layerId: LayerId,
  offset: number,
  length: number,
): Uint8Array {
  const bytes = Buffer.alloc(length)
  const content = { source: { layerId }, keys: null }
  const first = Math.floor(offset / SIMULATED_BLOCK_BYTES) * SIMULATED_BLOCK_BYTES
  for (let at = first; at < offset + length; at += SIMULATED_BLOCK_BYTES) {
    const block = Buffer.from(storage.contentRead(content, at, SIMULATED_BLOCK_BYTES))
    const from = Math.max(0, offset - at)
    block.copy(bytes, Math.max(0, at - offset), from)
  }
  return bytes
}

function writeAt(
  storage: SimulatedVolumes,
  volumeId: string,
  offset: number,
  bytes: Uint8Array,
): void {
  const first = Math.floor(offset / SIMULATED_BLOCK_BYTES)
  const last = Math.floor((offset + bytes.length - 1) / SIMULATED_BLOCK_BYTES)
  for (let index = first; index <= last; index++) {
    const at = index * SIMULATED_BLOCK_BYTES
    const block = Buffer.alloc(SIMULATED_BLOCK_BYTES)
    block.write(storage.read(volumeId, index), 'latin1')
    const piece = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).subarray(
      Math.max(0, at - offset),
      Math.min(bytes.length, at + SIMULATED_BLOCK_BYTES - offset),
    )
    piece.copy(block, Math.max(0, offset - at))
    storage.writeBytes(volumeId, at, block)
  }
}
