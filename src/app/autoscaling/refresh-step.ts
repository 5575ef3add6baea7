/**
 * An instance refresh, a step at a time: marks what is to be replaced (balance.ts does it, at the pace of the
 * preferences), counts what is done, waits at checkpoints, ends. It fails when nothing has come of it for an hour.
 */
import { isCounted, isPending, isTerminating, isWarm } from '../../domain/autoscaling/capacity.ts'
import type { InstanceRefresh, ScalingInstance } from '../../domain/autoscaling/records.ts'
import { HEALTH_WORDS } from '../../domain/autoscaling/words.ts'
import type { App } from '../context.ts'
import type { StoreTransaction } from '../../store/store.ts'
import { needOf } from './need.ts'
import { rolledBack, targetsOf } from './refreshes.ts'
import { scalingCtx } from './scope.ts'
import { viewOf, type GroupView } from './view.ts'
import { poolRenew } from './warm-pool.ts'

const STALLED_MS = 3_600_000
const STALLED_WORDS = 'Nothing could be replaced for an hour'

const isStalled = ({ progressedAt, heldUntil }: InstanceRefresh, now: number): boolean =>
  now >= Math.max(progressedAt, heldUntil ?? 0) + STALLED_MS

/** @returns whether something changed. */
export async function refreshStep({ app, group: { id }, refresh }: GroupView): Promise<boolean> {
  if (!refresh) return false
  return app.store.transact(async (tx) => {
    const view = await viewOf(app, tx, id)
    if (!view?.refresh) return false
    const next = await nextOf(app, tx, view, view.refresh)
    if (next === null) return false
    await tx.update('scalingRefresh', next)
    return true
  })
}

/** When time alone may move it on. */
export function refreshNextAt({ refresh, instances, now }: GroupView): number | null {
  if (!refresh) return null
  const { warmupSeconds } = refresh.preferences
  const warm = instances.map((one) => (one.inServiceAt ?? 0) + warmupSeconds * 1000)
  const times = [refresh.heldUntil ?? 0, refresh.progressedAt + STALLED_MS, ...warm]
  const ahead = times.filter((at) => at > now)
  return ahead.length === 0 ? null : Math.min(...ahead)
}

async function nextOf(
  app: App,
  tx: StoreTransaction,
  view: GroupView,
  refresh: InstanceRefresh,
): Promise<InstanceRefresh | null> {
  const { instances, now } = view
  switch (refresh.status) {
    case 'Pending':
      await poolRenew(view, tx)
      return { ...refresh, status: 'InProgress', progressedAt: now }
    case 'Cancelling':
      await unmark(tx, instances)
      if (instances.some((one) => isPending(one) || isTerminating(one))) return null
      return { ...refresh, status: 'Cancelled', endedAt: now }
    case 'RollbackInProgress':
      if (refresh.targets.length === 0 && refresh.percentage === 0) {
        return rollbackBegin(app, tx, view, refresh)
      }
      if (isStalled(refresh, now)) {
        await unmark(tx, instances)
        return { ...refresh, status: 'RollbackFailed', reason: STALLED_WORDS, endedAt: now }
      }
      return progress(tx, view, refresh)
    case 'Baking':
      if (now < (refresh.heldUntil ?? 0)) return null
      return succeed(tx, view, refresh)
    case 'InProgress':
      return isStalled(refresh, now) ? fail(tx, view, refresh) : progress(tx, view, refresh)
    default:
      return null
  }
}

async function unmark(tx: StoreTransaction, instances: readonly ScalingInstance[]): Promise<void> {
  for (const one of instances) {
    if (one.replace?.reason !== 'refresh' || !isCounted(one)) continue
    await tx.update('scalingInstance', { ...one, replace: null })
  }
}

async function rollbackBegin(
  app: App,
  tx: StoreTransaction,
  view: GroupView,
  refresh: InstanceRefresh,
): Promise<InstanceRefresh> {
  await unmark(tx, view.instances)
  await poolRenew(view, tx)
  const { launch } = view.group.configuration
  const preferences = { ...refresh.preferences, isMatchingSkipped: true }
  const ctx = scalingCtx(app, view.group)
  const targets = await targetsOf(ctx, tx, view.instances, launch, preferences)
  if (targets.length > 0) return { ...refresh, targets, progressedAt: view.now }
  return { ...refresh, status: 'RollbackSuccessful', percentage: 100, endedAt: view.now }
}

async function progress(
  tx: StoreTransaction,
  view: GroupView,
  refresh: InstanceRefresh,
): Promise<InstanceRefresh | null> {
  const { instances, now } = view
  const { preferences, targets } = refresh
  const here = instances.filter(({ id }) => targets.includes(id))
  const left = here.filter((one) => !isTerminating(one) && one.state !== 'Detaching')
  const settling = instances.filter((one) => !targets.includes(one.id) && isWaited(view, one))
  const lacking = Math.max(0, needOf(view).missing)
  const open = left.length + settling.length + lacking
  const done = targets.length === 0 ? 1 : Math.max(0, targets.length - open) / targets.length
  const percentage = Math.floor(done * 100)
  const held = checkpoint(refresh, percentage, now)
  if (held) return held
  if (refresh.heldUntil !== null && now < refresh.heldUntil) return null
  let hasMarked = false
  for (const one of left) {
    if (one.replace !== null || !mayReplace(one, preferences)) continue
    const replace = { reason: 'refresh', cause: HEALTH_WORDS.refresh } as const
    // One that stood aside serves nobody: it goes when another one could.
    const state = one.state === 'Standby' ? 'InService' : one.state
    await tx.update('scalingInstance', { ...one, state, replace })
    hasMarked = true
  }
  if (open === 0 && here.length === 0) return finish(tx, view, refresh)
  if (percentage === refresh.percentage && !hasMarked) return null
  return { ...refresh, percentage, progressedAt: now }
}

function isWaited({ refresh, now }: GroupView, one: ScalingInstance): boolean {
  if (!isCounted(one)) return false
  return !isWarm(one, refresh!.preferences.warmupSeconds, now)
}

function mayReplace(one: ScalingInstance, preferences: InstanceRefresh['preferences']): boolean {
  if (one.isProtected && preferences.protectedInstances !== 'Refresh') return false
  if (one.state === 'Standby') return preferences.standbyInstances === 'Terminate'
  return isCounted(one)
}

function checkpoint(
  refresh: InstanceRefresh,
  percentage: number,
  now: number,
): InstanceRefresh | null {
  const { checkpointPercentages, checkpointDelaySeconds } = refresh.preferences
  const next = checkpointPercentages[refresh.checkpointsPassed]
  if (refresh.rollback || next === undefined || percentage < next || next >= 100) return null
  return {
    ...refresh,
    percentage,
    checkpointsPassed: refresh.checkpointsPassed + 1,
    heldUntil: now + checkpointDelaySeconds * 1000,
    progressedAt: now,
    reason: `Waiting at the checkpoint of ${next} percent`,
  }
}

async function finish(tx: StoreTransaction, view: GroupView, refresh: InstanceRefresh) {
  const { now } = view
  if (refresh.rollback) {
    return { ...refresh, status: 'RollbackSuccessful', percentage: 100, endedAt: now } as const
  }
  const { bakeSeconds } = refresh.preferences
  if (bakeSeconds === 0) return succeed(tx, view, refresh)
  return {
    ...refresh,
    status: 'Baking',
    percentage: 100,
    heldUntil: now + bakeSeconds * 1000,
  } as const
}

/** The group is from now on what the refresh made of it. */
async function succeed(
  tx: StoreTransaction,
  { group, now }: GroupView,
  refresh: InstanceRefresh,
): Promise<InstanceRefresh> {
  if (refresh.desired !== null) {
    const configuration = { ...group.configuration, launch: refresh.desired }
    await tx.update('scalingGroup', { ...group, configuration })
  }
  return { ...refresh, status: 'Successful', percentage: 100, reason: null, endedAt: now }
}

async function fail(
  tx: StoreTransaction,
  { instances, now }: GroupView,
  refresh: InstanceRefresh,
): Promise<InstanceRefresh> {
  await unmark(tx, instances)
  const reason = STALLED_WORDS
  const { hasAutoRollback } = refresh.preferences
  if (hasAutoRollback && refresh.desired !== null) return rolledBack(refresh, reason, now)
  return { ...refresh, status: 'Failed', reason, endedAt: now }
}
