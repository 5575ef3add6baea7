/**
 * ModifySnapshotTier, RestoreSnapshotTier, DescribeSnapshotTierStatus. The wish is recorded, the host copies
 * (reconcilers/tiers.ts), and until it has the snapshot is what it was. Source: EC2 API reference.
 */
import { FaultError } from '../../domain/faults.ts'
import type { SnapshotId } from '../../domain/ids.ts'
import { snapshotStateOf, type Snapshot } from '../../domain/image.ts'
import {
  isArchivedAway,
  isTiering,
  tierOf,
  type TierOperation,
} from '../../domain/snapshot-tier.ts'
import { present } from '../../lib/assert.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { snapshotOwned } from './delete.ts'
import { layerWanted } from './layers.ts'

export interface TierRestoreRequest {
  /** Null: for good. */
  days: number | null
}

/** Restored for a day when the caller says nothing, as AWS has it. */
export const TEMPORARY_DAYS_DEFAULT = 1
export const TEMPORARY_DAYS_MAX = 180

const incorrect = (snapshot: Snapshot, state: string, operation: string, hint?: string) =>
  new FaultError({
    ...{ type: 'IncorrectState', kind: 'snapshot', id: snapshot.id, state, operation },
    ...(hint && { hint }),
  })

/** @throws Fault `IncorrectState` for one that is in the archive: it is restored first. */
export function mustBeUsable(snapshot: Snapshot, operation: string): void {
  if (!isArchivedAway(snapshot)) return
  const hint = 'it is in the archive tier: restore it with RestoreSnapshotTier first'
  throw incorrect(snapshot, 'archived', operation, hint)
}

/** Archived from here on; no effects. */
export async function snapshotArchiveCheck(
  ctx: Ctx,
  id: SnapshotId,
  reader: StoreReader = ctx.app.store,
): Promise<Snapshot> {
  const operation = 'ModifySnapshotTier'
  const snapshot = await snapshotOwned(ctx, id, reader)
  const state = snapshotStateOf(snapshot)
  if (state !== 'completed') throw incorrect(snapshot, state, operation)
  if (isTiering(snapshot)) throw incorrect(snapshot, 'changing its tier', operation)
  if (tierOf(snapshot) === 'archive') throw incorrect(snapshot, 'archived', operation)
  const images = await reader.list('image', { reference: { name: 'snapshot', value: id } })
  const using = images.find((image) => image.state !== 'disabled')
  if (using) throw new FaultError({ type: 'InUse', kind: 'snapshot', id, by: using.id })
  if (Object.keys(snapshot.fastRestores ?? {}).length > 0) {
    throw incorrect(snapshot, 'enabled for fast snapshot restore', operation)
  }
  return snapshot
}

export async function snapshotArchive(ctx: Ctx, id: SnapshotId): Promise<Snapshot> {
  return begin(ctx, (tx) => snapshotArchiveCheck(ctx, id, tx), { type: 'archival', days: null })
}

export async function snapshotUnarchiveCheck(
  ctx: Ctx,
  id: SnapshotId,
  { days }: TierRestoreRequest,
  reader: StoreReader = ctx.app.store,
): Promise<Snapshot> {
  const operation = 'RestoreSnapshotTier'
  const snapshot = await snapshotOwned(ctx, id, reader)
  if (isTiering(snapshot)) throw incorrect(snapshot, 'changing its tier', operation)
  if (tierOf(snapshot) !== 'archive') throw incorrect(snapshot, 'not archived', operation)
  if (days === null || (days >= 1 && days <= TEMPORARY_DAYS_MAX)) return snapshot
  const reason = `between 1 and ${TEMPORARY_DAYS_MAX}`
  const value = String(days)
  throw new FaultError({ type: 'InvalidValue', parameter: 'TemporaryRestoreDays', value, reason })
}

/** Of one that is restored for some days: for other days from now on, or for good, without a copy. */
export async function snapshotUnarchive(
  ctx: Ctx,
  id: SnapshotId,
  request: TierRestoreRequest,
): Promise<Snapshot> {
  const { days } = request
  const check = (tx: StoreTransaction) => snapshotUnarchiveCheck(ctx, id, request, tx)
  const type = days === null ? 'permanent-restore' : 'temporary-restore'
  return begin(ctx, check, { type, days })
}

async function begin(
  ctx: Ctx,
  check: (tx: StoreTransaction) => Promise<Snapshot>,
  { type, days }: Pick<TierOperation, 'type' | 'days'>,
): Promise<Snapshot> {
  const { app } = ctx
  const snapshot = await app.store.transact(async (tx) => {
    const before = await check(tx)
    const startedAt = app.clock.now()
    const isThere = type !== 'archival' && !isArchivedAway(before)
    const source = before.source
    const target =
      isThere && 'layerId' in source
        ? source.layerId
        : (await tx.insert('layer', layerWanted(ctx, before.encryption ?? null))).id
    const operation = { type, state: 'in-progress', startedAt, target, days, detail: null } as const
    const { archive = null, expiresAt = null } = before.tiering ?? {}
    return tx.update('snapshot', { ...before, tiering: { archive, expiresAt, operation } })
  })
  app.activate('tiers')
  return snapshot
}

export interface TierStatus {
  snapshot: Snapshot
  /** Hundredths. */
  progress: number
}

/** The account's own snapshots that ever changed their tier. */
export async function tierStatuses(ctx: Ctx): Promise<TierStatus[]> {
  const { app, account, region } = ctx
  const all = await app.store.list('snapshot', { account, region })
  const tiered = all.filter((one) => one.tiering && !one.recycled && !one.backupJobId)
  return Promise.all(
    tiered.map(async (snapshot) => {
      const { operation } = present(snapshot.tiering, 'a tier')
      if (operation.state === 'completed') return { snapshot, progress: 100 }
      const fraction = (await app.hosts[0]?.agent.importProgress(operation.target)) ?? 0
      return { snapshot, progress: Math.floor(fraction * 100) }
    }),
  )
}
