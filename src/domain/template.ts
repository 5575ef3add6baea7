/**
 * Templates as the control plane and a host speak of them: frozen machines that new ones start as copies of. Plain
 * data. What they are made of and when they are used: docs/templates.md.
 */
import type { ImageId } from './ids.ts'
import type { LayerId } from './layer.ts'
import type { FrozenShape } from './machine.ts'

/** Which images a host should have templates of. */
export interface TemplateWish {
  imageId: ImageId
  /** Relative to the host's images. */
  imageFolder: string
  /** The disk of the image: of its folder, or the layer that its root snapshot is. */
  file: string
  layerId?: LayerId | null
  /** Size of the image's root volume: the template's own disk. */
  rootSizeGiB: number
  /** Whose machines may be copies, as copies share pages: everybody's of a public image, else its owner's alone. */
  account: string | null
}

/** One frozen machine of a host. */
export interface TemplateReport {
  key: string
  /** Whose kernel and firmware it boots with. */
  imageFolder: string
  /** The disk of the image that it was made of, or the layer's id. */
  file: string
  /** Where it lies on its host; null until it is ready. */
  folder: string | null
  shape: FrozenShape
  state: 'building' | 'ready' | 'failed'
  /** Why it failed, in plain words. */
  reason: string | null
  /** Bytes on the host's disk. */
  sizeBytes: number
  createdAt: number
  /** Null: no machine was started from it yet. */
  lastUsedAt: number | null
  /** Machines that were made of it ahead of their launch, and the memory that they take; absent: none. */
  standbys?: { count: number; memoryBytes: number } | null
}
