/**
 * A frozen part of volumes' content: what was written between two snapshots, or a whole disk that was copied. It never
 * changes once frozen; snapshots name it, volumes and other layers lie on it, and it goes when nobody does
 * (docs/decisions/0040-snapshots-are-frozen-layers.md). No user sees it.
 */
import type { DataKey } from './kms.ts'
import type { ResourceBase } from './resource.ts'

export type LayerId = `lay-${string}`

export interface Layer extends ResourceBase<LayerId> {
  /** The layer beneath; null: an image, or nothing. Known once it is frozen. */
  parentId: LayerId | null
  /** Layers from here down to the image or nothing, this one counted. */
  depth: number
  isFrozen: boolean
  /** Of its file; absent or null: it is not encrypted. */
  encryption?: DataKey | null
  /** Bytes on the host's disk when it was frozen. */
  usedBytes: number
  /** `absent`: nobody needs it; the file goes, then the record. */
  intended: 'present' | 'absent'
}

const LAYER_ID = /^lay-[0-9a-f]{17}$/

export function newLayerId(random: { bytes(length: number): Uint8Array }): LayerId {
  return `lay-${Buffer.from(random.bytes(9)).toString('hex').slice(0, 17)}`
}

export function isLayerId(text: string): text is LayerId {
  return LAYER_ID.test(text)
}
