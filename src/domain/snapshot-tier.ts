/**
 * The archive tier of a snapshot: its content apart from all others, whole and compressed, in a layer that no volume
 * lies on. Restored for some days or for good, it has an ordinary layer again. Source: EBS user guide, "Archive Amazon
 * EBS snapshots". Pure.
 */
import type { LayerId } from './layer.ts'

export interface SnapshotTiering {
  /** Where the archive lies; null: it is not there yet, or not any more. */
  archive: { layerId: LayerId; archivedAt: number } | null
  operation: TierOperation
  /** When what was restored for some days goes again. */
  expiresAt: number | null
}

/** The last one, which may go on. */
export interface TierOperation {
  type: 'archival' | 'temporary-restore' | 'permanent-restore'
  state: 'in-progress' | 'completed' | 'failed'
  startedAt: number
  /** The layer that it makes. */
  target: LayerId
  /** Of a temporary restore. */
  days: number | null
  /** Why it failed. */
  detail: string | null
}

interface Tiered {
  tiering?: SnapshotTiering | null
  source: { layerId: LayerId } | { imageFolder: string; file: string }
}

export function tierOf({ tiering }: Tiered): 'standard' | 'archive' {
  return tiering?.archive ? 'archive' : 'standard'
}

/** Nothing can be made of it until it is restored. */
export function isArchivedAway({ tiering, source }: Tiered): boolean {
  const archive = tiering?.archive
  return archive ? 'layerId' in source && source.layerId === archive.layerId : false
}

export function isTiering({ tiering }: Tiered): boolean {
  return tiering?.operation.state === 'in-progress'
}
