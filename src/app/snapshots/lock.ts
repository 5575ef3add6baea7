/** LockSnapshot, UnlockSnapshot: what nobody deletes for a time (domain/snapshot-lock.ts has the rules). */
import { FaultError } from '../../domain/faults.ts'
import type { SnapshotId } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/image.ts'
import {
  lockChanged,
  lockStateOf,
  type SnapshotLock,
  type SnapshotLockRequest,
} from '../../domain/snapshot-lock.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { snapshotOwned } from './delete.ts'
import { snapshotsFind } from './find.ts'

export type LockedSnapshot = Snapshot & { lock: SnapshotLock }

export async function snapshotLockPlan(
  ctx: Ctx,
  id: SnapshotId,
  request: SnapshotLockRequest,
  reader: StoreReader = ctx.app.store,
): Promise<LockedSnapshot> {
  const snapshot = await snapshotOwned(ctx, id, reader)
  return { ...snapshot, lock: lockChanged(snapshot, request, ctx.app.clock.now()) }
}

export async function snapshotLock(
  ctx: Ctx,
  id: SnapshotId,
  request: SnapshotLockRequest,
): Promise<LockedSnapshot> {
  return ctx.app.store.transact(async (tx) => {
    const locked = await snapshotLockPlan(ctx, id, request, tx)
    await tx.update('snapshot', locked)
    return locked
  })
}

/** @throws Fault `NotPermitted` for one that is not locked, or for good. */
export async function snapshotUnlockPlan(
  ctx: Ctx,
  id: SnapshotId,
  reader: StoreReader = ctx.app.store,
): Promise<Snapshot> {
  const snapshot = await snapshotOwned(ctx, id, reader)
  const { lock } = snapshot
  const refused = (reason: string) =>
    new FaultError({ type: 'NotPermitted', kind: 'snapshot', id, reason })
  if (!lock) throw refused(`The snapshot ${id} is not locked`)
  if (lockStateOf(lock, ctx.app.clock.now()) === 'compliance') {
    const until = new Date(lock.expiresAt).toISOString()
    throw refused(`The snapshot ${id} is locked in compliance mode until ${until}`)
  }
  return { ...snapshot, lock: null }
}

export async function snapshotUnlock(ctx: Ctx, id: SnapshotId): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await tx.update('snapshot', await snapshotUnlockPlan(ctx, id, tx))
  })
}

/** The account's own, those whose time is over too. */
export async function snapshotsLocked(
  ctx: Ctx,
  ids: readonly SnapshotId[],
): Promise<LockedSnapshot[]> {
  const found = await snapshotsFind(ctx, { ids, owners: ['self'], restorableBy: [] })
  return found.filter((snapshot): snapshot is LockedSnapshot => Boolean(snapshot.lock))
}
