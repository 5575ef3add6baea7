/**
 * The volumes of simulated hosts: blocks in maps, upon layers of blocks, so that tests see what a snapshot holds and
 * that the end of one leaves others whole. Hosts that share one of these see each other's volumes.
 */
import type { LayerId } from '../domain/layer.ts'
import type { DiskLimits } from '../domain/machine.ts'
import type {
  ContentRange,
  ContentRequest,
  FreezeOutcome,
  FreezeRequest,
  ImportOutcome,
  ImportRequest,
  LayerCopyRequest,
  VolumeChange,
  VolumeRequest,
} from './protocol.ts'

interface Blocks {
  beneath: LayerId | null
  /** By block number; what is not here is read from beneath. */
  written: Map<number, string>
}

type Volume = VolumeRequest & Blocks & { limits: DiskLimits | null }

export interface SimulatedVolumes {
  all: ReadonlyMap<string, Volume>
  ensure(request: VolumeRequest): void
  delete(volumeId: string): void
  freeze(request: FreezeRequest): FreezeOutcome[]
  collapse(volumeId: string): void
  flatten(layerId: LayerId): { usedBytes: number }
  change(volumeId: string, change: VolumeChange): void
  layerDelete(layerId: LayerId): void
  /** By file, the first block of what was exported. */
  exports: Map<string, Buffer>
  /** A disk that holds its URL in the first block. */
  layerImport(request: ImportRequest): ImportOutcome
  contentMap(request: ContentRequest): ContentRange[]
  contentRead(request: ContentRequest, offset: number, length: number): Uint8Array
  writeBytes(volumeId: string, offset: number, bytes: Uint8Array): void
  layerCopy(request: LayerCopyRequest): { usedBytes: number }
  isCompressed(layerId: LayerId): boolean
  layerList(): LayerId[]
  /** A layer and those beneath it, downwards. */
  chainOf(layerId: LayerId): LayerId[]
  /** The guest writes one block. */
  write(volumeId: string, block: number, content: string): void
  /** What is read there; an empty text where nobody has written. @throws Error when a layer is missing. */
  read(volumeId: string, block: number): string
  /** Freezes fail with this reason from now on; null: they work. */
  failFreeze(reason: string | null): void
}

/** What tests write is a text at the beginning of such a block. */
export const SIMULATED_BLOCK_BYTES = 512 * 1024
const BLOCK_BYTES = SIMULATED_BLOCK_BYTES

export function createSimulatedVolumes(): SimulatedVolumes {
  const volumes = new Map<string, Volume>()
  const layers = new Map<LayerId, Blocks>()
  const compressed = new Set<LayerId>()
  let reason: string | null = null
  const layerOf = (id: LayerId): Blocks => {
    const layer = layers.get(id)
    if (!layer) throw new Error(`the layer ${id} is missing`)
    return layer
  }
  const volumeOf = (id: string): Volume => {
    const volume = volumes.get(id)
    if (!volume) throw new Error(`the volume ${id} is missing`)
    return volume
  }
  const readFrom = (blocks: Blocks, block: number): string => {
    const found = blocks.written.get(block)
    if (found !== undefined) return found
    return blocks.beneath === null ? '' : readFrom(layerOf(blocks.beneath), block)
  }
  const freezeOne = (volumeId: string, layerId: LayerId): FreezeOutcome => {
    const volume = volumeOf(volumeId)
    if (!layers.has(layerId)) {
      layers.set(layerId, { beneath: volume.beneath, written: volume.written })
      volume.written = new Map()
      volume.beneath = layerId
    }
    return {
      volumeId: volume.volumeId,
      parentId: layerOf(layerId).beneath,
      headOn: volume.beneath!,
      usedBytes: layerOf(layerId).written.size * BLOCK_BYTES,
      pauseMs: 0,
    }
  }
  const collapse = (volumeId: string): void => {
    const volume = volumeOf(volumeId)
    for (let id = volume.beneath; id !== null; id = layerOf(id).beneath) {
      for (const [block, content] of layerOf(id).written) {
        if (!volume.written.has(block)) volume.written.set(block, content)
      }
    }
    volume.beneath = null
  }
  return {
    all: volumes,
    isCompressed: (layerId) => compressed.has(layerId),
    exports: new Map(),
    ensure: (request) => {
      const known = volumes.get(request.volumeId)
      if (known) {
        known.sizeGiB = Math.max(known.sizeGiB, request.sizeGiB)
        return
      }
      const { source } = request
      const beneath = source && 'layerId' in source ? source.layerId : null
      if (beneath) layerOf(beneath)
      volumes.set(request.volumeId, { ...request, beneath, written: new Map(), limits: null })
      if (request.isCopied) collapse(request.volumeId)
    },
    delete: (volumeId) => void volumes.delete(volumeId),
    freeze: (request) => {
      if (reason !== null) {
        return request.volumes.map(({ volumeId }) => ({ volumeId, reason: reason! }))
      }
      const crashReason = request.isQuiesced ? null : 'nobody asked'
      return request.volumes.map(({ volumeId, layerId }) => {
        return { ...freezeOne(volumeId, layerId), crashReason }
      })
    },
    collapse,
    flatten: (layerId) => {
      const layer = layerOf(layerId)
      const written = new Map(layer.written)
      for (let id = layer.beneath; id !== null; id = layerOf(id).beneath) {
        for (const [block, content] of layerOf(id).written) {
          if (!written.has(block)) written.set(block, content)
        }
      }
      layers.set(layerId, { beneath: null, written })
      return { usedBytes: written.size * BLOCK_BYTES }
    },
    change: (volumeId, { sizeGiB, limits }) => {
      const volume = volumeOf(volumeId)
      volume.sizeGiB = Math.max(volume.sizeGiB, sizeGiB)
      volume.limits = limits
    },
    contentMap: ({ source }) => {
      const ranges = new Map<number, ContentRange>()
      const visit = (blocks: Blocks, layerId: LayerId | null, isTop: boolean): void => {
        for (const block of blocks.written.keys()) {
          const range = { start: block * BLOCK_BYTES, length: BLOCK_BYTES, layerId, isTop }
          if (!ranges.has(block)) ranges.set(block, { ...range, isData: true })
        }
        if (blocks.beneath) visit(layerOf(blocks.beneath), blocks.beneath, false)
      }
      if ('volumeId' in source) visit(volumeOf(source.volumeId), null, true)
      else if ('layerId' in source) visit(layerOf(source.layerId), source.layerId, true)
      return [...ranges.values()].sort((a, b) => a.start - b.start)
    },
    contentRead: ({ source }, offset, length) => {
      const bytes = Buffer.alloc(length)
      const from: Blocks =
        'volumeId' in source
          ? volumeOf(source.volumeId)
          : { beneath: 'layerId' in source ? source.layerId : null, written: new Map() }
      bytes.write(readFrom(from, offset / BLOCK_BYTES), 'latin1')
      return bytes
    },
    writeBytes: (volumeId, offset, bytes) => {
      const text = Buffer.from(bytes).toString('latin1').replace(/\0+$/, '')
      volumeOf(volumeId).written.set(offset / BLOCK_BYTES, text)
    },
    layerImport: ({ layerId, url }) => {
      if (url.includes('malformed')) return { layerId, reason: 'it is no disk' }
      layers.set(layerId, { beneath: null, written: new Map([[0, url]]) })
      return { layerId, sizeBytes: 3 * 1024 ** 3, format: 'vmdk', usedBytes: BLOCK_BYTES }
    },
    layerCopy: ({ layerId, source, isCompressed = false }) => {
      const written = new Map<number, string>()
      let id = 'layerId' in source ? source.layerId : null
      for (; id !== null; id = layerOf(id).beneath) {
        for (const [block, content] of layerOf(id).written) {
          if (!written.has(block)) written.set(block, content)
        }
      }
      layers.set(layerId, { beneath: null, written })
      if (isCompressed) compressed.add(layerId)
      return { usedBytes: written.size * BLOCK_BYTES }
    },
    layerDelete: (layerId) => {
      const users = [...volumes.values(), ...layers.values()].filter(
        (one) => one.beneath === layerId,
      )
      if (users.length > 0) throw new Error(`the layer ${layerId} is in use`)
      layers.delete(layerId)
    },
    layerList: () => [...layers.keys()],
    chainOf: (layerId) => {
      const chain: LayerId[] = []
      for (let id: LayerId | null = layerId; id !== null; id = layerOf(id).beneath) chain.push(id)
      return chain
    },
    write: (volumeId, block, content) => void volumeOf(volumeId).written.set(block, content),
    read: (volumeId, block) => readFrom(volumeOf(volumeId), block),
    failFreeze: (next) => {
      reason = next
    },
  }
}
