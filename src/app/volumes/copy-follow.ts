/** What comes of a copy of a volume (copy.ts) when the host has fixed the point in time, or could not. */
import type { Snapshot } from '../../domain/image.ts'
import type { StoreTransaction } from '../../store/store.ts'

/** In the transaction that says how the hidden snapshot ended: it has done its work. */
export async function volumeCopyFollow(
  tx: StoreTransaction,
  snapshot: Snapshot,
  state: 'taken' | 'failed',
): Promise<void> {
  const volume = snapshot.copyVolumeId && (await tx.get('volume', snapshot.copyVolumeId))
  if (volume && volume.copyOf) {
    const copyOf = { ...volume.copyOf, state }
    const ground = state === 'failed' ? { source: null, layerId: null } : {}
    await tx.update('volume', { ...volume, ...ground, copyOf })
  }
  await tx.remove('snapshot', snapshot)
}
