/** What the Recycle Bin keeps: deleted snapshots and deregistered images, listed and brought back. */
import { FaultError, notFound } from '../../domain/faults.ts'
import type { ImageId, SnapshotId } from '../../domain/ids.ts'
import type { Image, Snapshot } from '../../domain/image.ts'
import type { App, Ctx } from '../context.ts'
import { imageNameFree } from '../images/list.ts'
import { scopeOf } from '../network/scope.ts'

/** @throws Fault `NotFound` naming the ids that are not in the bin. */
export async function binSnapshots(ctx: Ctx, ids: readonly SnapshotId[]): Promise<Snapshot[]> {
  const all = await ctx.app.store.list('snapshot', scopeOf(ctx))
  return chosen('snapshot', all, ids)
}

export async function binImages(ctx: Ctx, ids: readonly ImageId[]): Promise<Image[]> {
  const all = await ctx.app.store.list('image', scopeOf(ctx))
  return chosen('image', all, ids)
}

function chosen<T extends Snapshot | Image>(
  kind: 'snapshot' | 'image',
  all: readonly T[],
  ids: readonly string[],
): T[] {
  const kept = all.filter((one) => one.recycled)
  const missing = ids.filter((id) => !kept.some((one) => one.id === id))
  if (missing.length > 0) throw notFound(kind, ...missing)
  return ids.length === 0 ? kept : kept.filter((one) => ids.includes(one.id))
}

export async function binSnapshotCheck(ctx: Ctx, id: SnapshotId): Promise<Snapshot> {
  return (await binSnapshots(ctx, [id]))[0]!
}

export async function binSnapshotRestore(ctx: Ctx, id: SnapshotId): Promise<Snapshot> {
  return ctx.app.store.transact(async (tx) => {
    const snapshot = await tx.get('snapshot', id)
    if (!snapshot?.recycled || snapshot.account !== ctx.account) throw notFound('snapshot', id)
    return tx.update('snapshot', { ...snapshot, recycled: null })
  })
}

/** @throws Fault `Duplicate` when its name was taken meanwhile, `DependencyViolation` without its snapshots. */
export async function binImageRestore(ctx: Ctx, id: ImageId): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const image = await tx.get('image', id)
    if (!image?.recycled || image.account !== ctx.account) throw notFound('image', id)
    await imageNameFree(ctx, tx, image.name)
    const ids = image.blockDevices.flatMap(({ snapshotId }) => (snapshotId ? [snapshotId] : []))
    const there = (await tx.list('snapshot', { ids })).filter((one) => !one.recycled)
    const dependents = ids.filter((one) => !there.some((snapshot) => snapshot.id === one))
    if (dependents.length > 0) {
      throw new FaultError({ type: 'DependencyViolation', kind: 'image', id, dependents })
    }
    await tx.update('image', { ...image, deregisteredAt: null, recycled: null })
  })
}

/** Those whose time is over. */
export async function binReconcile(app: App): Promise<void> {
  const query = { reference: { name: 'recycled', value: 'yes' } }
  const now = app.clock.now()
  for (const { id, recycled } of await app.store.list('snapshot', query)) {
    if (!recycled || recycled.until > now) continue
    await app.store.transact(async (tx) => {
      const snapshot = await tx.get('snapshot', id)
      if (snapshot?.recycled) await tx.remove('snapshot', snapshot)
    })
    app.activate('layers')
  }
  for (const { id, recycled } of await app.store.list('image', query)) {
    if (!recycled || recycled.until > now) continue
    await app.store.transact(async (tx) => {
      const image = await tx.get('image', id)
      if (image?.recycled) await tx.update('image', { ...image, recycled: null })
    })
  }
}
