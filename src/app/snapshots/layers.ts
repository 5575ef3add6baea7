/** Records of layers: one that is wanted, and what a host said of it when it froze it. */
import type { FreezeOutcome } from '../../agent/protocol.ts'
import type { DataKey } from '../../domain/kms.ts'
import { newLayerId, type Layer } from '../../domain/layer.ts'
import { present } from '../../lib/assert.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf } from '../network/scope.ts'

/** The record comes before the file. */
export function layerWanted(ctx: Ctx, encryption: DataKey | null): Layer {
  return {
    ...baseOf(ctx),
    id: newLayerId(ctx.app.random),
    parentId: null,
    depth: 0,
    isFrozen: false,
    encryption,
    usedBytes: 0,
    intended: 'present',
  }
}

export async function layerFrozen(
  tx: StoreTransaction,
  layer: Layer,
  {
    parentId,
    usedBytes,
  }: Pick<Extract<FreezeOutcome, { parentId: unknown }>, 'parentId' | 'usedBytes'>,
): Promise<void> {
  // A parent without a record would be a file that nobody knows is needed.
  const parent = parentId && present(await tx.get('layer', parentId), `the record of ${parentId}`)
  const depth = (parent ? parent.depth : 0) + 1
  await tx.update('layer', { ...layer, isFrozen: true, parentId, depth, usedBytes })
}
