/**
 * DeleteSnapshot: gone for everybody at once; its layer goes when nothing lies on it (reconcilers/layers.ts), so that
 * the content of no other snapshot and no volume changes.
 */
import { FaultError } from '../../domain/faults.ts'
import type { SnapshotId } from '../../domain/ids.ts'
import { snapshotStateOf, type Snapshot } from '../../domain/image.ts'
import { recycledBy } from '../../domain/rbin.ts'
import { lockStateOf } from '../../domain/snapshot-lock.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { rulesOf } from '../rbin/rules.ts'
import { snapshotGet } from './find.ts'

/** @throws Faults `NotFound`, `NotOwner`, `InUse` by an image, `IncorrectState`, `NotPermitted` while it is locked. */
export async function snapshotDeleteCheck(
  ctx: Ctx,
  id: SnapshotId,
  reader: StoreReader = ctx.app.store,
): Promise<Snapshot> {
  const snapshot = await snapshotOwned(ctx, id, reader)
  const state = snapshotStateOf(snapshot)
  if (state === 'pending') {
    const operation = 'DeleteSnapshot'
    throw new FaultError({ type: 'IncorrectState', kind: 'snapshot', id, state, operation })
  }
  const { lock } = snapshot
  if (lock && lockStateOf(lock, ctx.app.clock.now()) !== 'expired') {
    const until = new Date(lock.expiresAt).toISOString()
    const reason = `The snapshot ${id} is locked in ${lock.mode} mode until ${until}`
    throw new FaultError({ type: 'NotPermitted', kind: 'snapshot', id, reason })
  }
  const images = await reader.list('image', { reference: { name: 'snapshot', value: id } })
  if (images[0]) throw new FaultError({ type: 'InUse', kind: 'snapshot', id, by: images[0].id })
  return snapshot
}

export async function snapshotDelete(ctx: Ctx, id: SnapshotId): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await snapshotRemove(ctx, tx, await snapshotDeleteCheck(ctx, id, tx))
  })
  ctx.app.activate('layers')
}

/** @throws Fault `NotOwner` for one that the caller sees, and that is another's. */
export async function snapshotOwned(
  ctx: Ctx,
  id: SnapshotId,
  reader: StoreReader = ctx.app.store,
): Promise<Snapshot> {
  const snapshot = await snapshotGet(ctx, id, reader)
  if (snapshot.account === ctx.account) return snapshot
  throw new FaultError({ type: 'NotOwner', kind: 'snapshot', id })
}

/** Into the Recycle Bin, where a rule keeps it. */
export async function snapshotRemove(
  ctx: Ctx,
  tx: StoreTransaction,
  snapshot: Snapshot,
): Promise<void> {
  const rules = await rulesOf(ctx, 'EBS_SNAPSHOT', tx)
  const recycled = recycledBy(rules, snapshot.tags, ctx.app.clock.now())
  if (recycled) await tx.update('snapshot', { ...snapshot, recycled })
  else await tx.remove('snapshot', snapshot)
}
