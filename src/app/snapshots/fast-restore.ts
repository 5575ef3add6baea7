/**
 * Fast snapshot restore: kept and answered. Every volume of a snapshot works at full speed from its first block on
 * here, whether or not this is switched on, so it is `enabled` in the moment it is asked for and there are no credits
 * to run out of. Source: EC2 API reference, EnableFastSnapshotRestores.
 */
import { FaultError, notFound } from '../../domain/faults.ts'
import type { SnapshotId } from '../../domain/ids.ts'
import { snapshotStateOf, type Snapshot } from '../../domain/image.ts'
import { isArchivedAway } from '../../domain/snapshot-tier.ts'
import { zonesOf, type Zone } from '../../domain/zones.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { snapshotOwned } from './delete.ts'
import { snapshotsFind } from './find.ts'

/** In one region, as AWS has it by default. */
const ENABLED_MAX = 5

export interface FastRestoreRequest {
  ids: readonly SnapshotId[]
  /** By name or by id. */
  zones: readonly string[]
}

export interface FastRestore {
  snapshot: Snapshot
  zone: string
  enabledAt: number
}

/** The zones that are meant. @throws Fault `NotFound`, `MissingParameter`. */
export function fastRestoreZones(ctx: Ctx, { zones }: FastRestoreRequest): Zone[] {
  if (zones.length === 0) {
    throw new FaultError({ type: 'MissingParameter', parameter: 'AvailabilityZones' })
  }
  const all = zonesOf(ctx.region, ctx.app.settings.zones)
  return zones.map((wanted) => {
    const zone = all.find((one) => one.name === wanted || one.id === wanted)
    if (!zone) throw notFound('availabilityZone', wanted)
    return zone
  })
}

/** One snapshot of a request. @throws Faults, each of which is one snapshot's failure. */
export async function fastRestoreEnable(
  ctx: Ctx,
  id: SnapshotId,
  zones: readonly Zone[],
): Promise<FastRestore[]> {
  return ctx.app.store.transact(async (tx) => {
    const snapshot = await snapshotOwned(ctx, id, tx)
    const state = isArchivedAway(snapshot) ? 'archived' : snapshotStateOf(snapshot)
    if (state !== 'completed') {
      const operation = 'EnableFastSnapshotRestores'
      throw new FaultError({ type: 'IncorrectState', kind: 'snapshot', id, state, operation })
    }
    await mustHaveRoom(ctx, tx, snapshot, zones)
    const now = ctx.app.clock.now()
    const wanted = zones.map(({ name }) => [name, snapshot.fastRestores?.[name] ?? now] as const)
    const fastRestores = { ...snapshot.fastRestores, ...Object.fromEntries(wanted) }
    const after = await tx.update('snapshot', { ...snapshot, fastRestores })
    return wanted.map(([zone, enabledAt]) => ({ snapshot: after, zone, enabledAt }))
  })
}

async function mustHaveRoom(
  ctx: Ctx,
  reader: StoreReader,
  snapshot: Snapshot,
  zones: readonly Zone[],
): Promise<void> {
  const { account, region } = ctx
  const mine = await reader.list('snapshot', { account, region })
  const others = mine.filter((one) => one.id !== snapshot.id)
  const count = others.reduce((sum, one) => sum + Object.keys(one.fastRestores ?? {}).length, 0)
  const own = new Set([
    ...Object.keys(snapshot.fastRestores ?? {}),
    ...zones.map(({ name }) => name),
  ])
  if (count + own.size <= ENABLED_MAX) return
  throw new FaultError({
    type: 'LimitExceeded',
    kind: 'fastRestore',
    limit: ENABLED_MAX,
    reason: `at most ${ENABLED_MAX} in a region`,
  })
}

/** @returns What was switched off. @throws Fault `NotFound`, also where it was not on. */
export async function fastRestoreDisable(
  ctx: Ctx,
  id: SnapshotId,
  zones: readonly Zone[],
): Promise<FastRestore[]> {
  return ctx.app.store.transact(async (tx) => {
    const snapshot = await snapshotOwned(ctx, id, tx)
    const fastRestores = { ...snapshot.fastRestores }
    const ended = zones.map(({ name }) => {
      const enabledAt = fastRestores[name]
      if (enabledAt === undefined) throw notFound('fastRestore', `${id} in ${name}`)
      delete fastRestores[name]
      return { snapshot, zone: name, enabledAt }
    })
    await tx.update('snapshot', { ...snapshot, fastRestores })
    return ended
  })
}

export async function fastRestoresList(ctx: Ctx): Promise<FastRestore[]> {
  const snapshots = await snapshotsFind(ctx, { ids: [], owners: ['self'], restorableBy: [] })
  return snapshots.flatMap((snapshot) =>
    Object.entries(snapshot.fastRestores ?? {}).map(([zone, enabledAt]) => ({
      snapshot,
      zone,
      enabledAt,
    })),
  )
}
