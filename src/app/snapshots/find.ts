/** Snapshots that an account sees: its own, those shared with it, and public ones. */
import { notFound } from '../../domain/faults.ts'
import type { SnapshotId } from '../../domain/ids.ts'
import type { Snapshot } from '../../domain/image.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { publicAccess } from '../public-access.ts'

/** Owners of public snapshots that are not public for now. */
async function privateOwners(
  ctx: Ctx,
  snapshots: readonly Snapshot[],
  reader: StoreReader,
): Promise<ReadonlySet<string>> {
  const owners = new Set(snapshots.filter((one) => one.isPublic).map((one) => one.account))
  const blocked = new Set<string>()
  for (const owner of owners) {
    const access = await publicAccess(ctx, 'snapshot', reader, owner)
    if (access === 'block-all-sharing') blocked.add(owner)
  }
  return blocked
}

function isVisible(ctx: Ctx, snapshot: Snapshot, blocked: ReadonlySet<string>): boolean {
  if (snapshot.recycled || snapshot.backupJobId || snapshot.copyVolumeId) return false
  const isShared = snapshot.sharedWith?.includes(ctx.account) ?? false
  if (isShared || snapshot.account === ctx.account) return true
  return snapshot.isPublic && !blocked.has(snapshot.account)
}

/** @throws Fault `NotFound`, also for those of others. */
export async function snapshotGet(
  ctx: Ctx,
  id: string,
  reader: StoreReader = ctx.app.store,
): Promise<Snapshot> {
  const snapshot = await reader.get('snapshot', id)
  const isHere = snapshot && (snapshot.region === ctx.region || snapshot.region === '*')
  if (!isHere) throw notFound('snapshot', id)
  const blocked = await privateOwners(ctx, [snapshot], reader)
  if (!isVisible(ctx, snapshot, blocked)) throw notFound('snapshot', id)
  return snapshot
}

export interface SnapshotQuery {
  ids: readonly SnapshotId[]
  /** `self`, an account or an alias. */
  owners: readonly string[]
  /** `self`, `all` or an account. */
  restorableBy: readonly string[]
}

/** @throws Fault `NotFound` naming the ids that the caller does not see. */
export async function snapshotsFind(ctx: Ctx, query: SnapshotQuery): Promise<Snapshot[]> {
  const all = await ctx.app.store.list('snapshot', { region: ctx.region })
  const blocked = await privateOwners(ctx, all, ctx.app.store)
  const visible = all.filter((snapshot) => isVisible(ctx, snapshot, blocked))
  const known = new Set<string>(visible.map((snapshot) => snapshot.id))
  const missing = query.ids.filter((id) => !known.has(id))
  if (missing.length > 0) throw notFound('snapshot', ...missing)
  const ids = new Set<string>(query.ids)
  const isOwner = (snapshot: Snapshot, owner: string): boolean =>
    snapshot.account === (owner === 'self' ? ctx.account : owner) || snapshot.ownerAlias === owner
  const mayRestore = (snapshot: Snapshot, who: string): boolean => {
    if (who === 'all') return snapshot.isPublic
    const account = who === 'self' ? ctx.account : who
    return snapshot.account === account || (snapshot.sharedWith?.includes(account) ?? false)
  }
  return visible.filter((snapshot) => {
    if (ids.size > 0 && !ids.has(snapshot.id)) return false
    const { owners, restorableBy } = query
    if (owners.length > 0 && !owners.some((owner) => isOwner(snapshot, owner))) return false
    return restorableBy.length === 0 || restorableBy.some((who) => mayRestore(snapshot, who))
  })
}
