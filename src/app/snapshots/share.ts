/** Who else may make volumes of a snapshot. Source: EC2 API reference, ModifySnapshotAttribute. */
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { SnapshotId } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/image.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { publicAccessCheck } from '../public-access.ts'
import { snapshotOwned } from './delete.ts'

export type VolumePermission = { type: 'all' } | { type: 'account'; account: string }

export interface ShareChange {
  add: readonly VolumePermission[]
  remove: readonly VolumePermission[]
}

const ACCOUNTS_MAX = 1_000

/** The snapshot as it would be; no effects. `null`: nobody else. */
export async function snapshotSharePlan(
  ctx: Ctx,
  id: SnapshotId,
  change: ShareChange | null,
  reader: StoreReader = ctx.app.store,
): Promise<Snapshot> {
  const snapshot = await snapshotOwned(ctx, id, reader)
  if (change === null) return { ...snapshot, isPublic: false, sharedWith: [] }
  const accounts = new Set(snapshot.sharedWith ?? [])
  let { isPublic } = snapshot
  for (const one of change.add) {
    if (one.type === 'account') accounts.add(one.account)
    else if (snapshot.isEncrypted) {
      const reason = 'Encrypted snapshots cannot be shared with everybody'
      throw new FaultError({ type: 'NotPermitted', kind: 'snapshot', id, reason })
    } else {
      await publicAccessCheck(ctx, 'snapshot', id, reader)
      isPublic = true
    }
  }
  for (const one of change.remove) {
    if (one.type === 'account') accounts.delete(one.account)
    else isPublic = false
  }
  if (accounts.size > ACCOUNTS_MAX) {
    throw invalidValue('UserId', accounts.size, `at most ${ACCOUNTS_MAX} accounts`)
  }
  return { ...snapshot, isPublic, sharedWith: [...accounts].sort() }
}

export async function snapshotShare(
  ctx: Ctx,
  id: SnapshotId,
  change: ShareChange | null,
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await tx.update('snapshot', await snapshotSharePlan(ctx, id, change, tx))
  })
}
