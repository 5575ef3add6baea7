/**
 * A group's warm pool: instances that were launched, and seen through their hooks, ahead of the need, and that wait
 * stopped, hibernated or running. What the group lacks is taken from there first; scale-in may give it back. It has as
 * many as the group's prepared capacity is above its desired one. What users ask of it: warm-pools.ts. Source: user
 * guide, "Decrease latency for applications with long boot times using warm pools".
 */
import { isWarmed } from '../../domain/autoscaling/capacity.ts'
import { spotsInOrder } from '../../domain/autoscaling/choose.ts'
import {
  isSuspended,
  POOL_STATES,
  type PoolState,
  type ScalingInstance,
} from '../../domain/autoscaling/records.ts'
import {
  HEALTH_WORDS,
  launchCause,
  launchDescription,
  outOfService,
  poolShrinkCause,
} from '../../domain/autoscaling/words.ts'
import { FaultError } from '../../domain/faults.ts'
import { present } from '../../lib/assert.ts'
import type { StoreTransaction } from '../../store/store.ts'
import { instanceStartIn } from '../instances/lifecycle.ts'
import { activityInsert } from './activities.ts'
import { launchOne, spotsOf } from './launch.ts'
import { detailsOf, poolChange, terminationStart } from './lives.ts'
import { isInPool, needOf, poolNeedOf } from './need.ts'
import { viewOf, type GroupView } from './view.ts'

/** One step; @returns whether there may be another. */
export async function poolStep(view: GroupView): Promise<boolean> {
  const { app, group, now } = view
  if (group.deletingSince !== null) return false
  const { missing } = poolNeedOf(view)
  if (missing > 0 && !isSuspended(group, 'Launch') && needOf(view).missing <= 0) {
    return now < (group.warmPool?.failures?.retryAt ?? 0) ? false : launchOne(view, 'pool')
  }
  const hasDead = view.instances.some((one) => isInPool(one) && !one.isHealthy)
  const isDeleted = group.warmPool?.isDeleting && !view.instances.some(isWarmed)
  if (!isDeleted && (isSuspended(group, 'Terminate') || !(missing < 0 || hasDead))) return false
  return app.store.transact(async (tx) => {
    const next = await viewOf(app, tx, group.id)
    return next ? poolShrink(next, tx) : false
  })
}

async function poolShrink(view: GroupView, tx: StoreTransaction): Promise<boolean> {
  const { app, group, now } = view
  const isDeleting = group.warmPool?.isDeleting ?? false
  if (isDeleting && !view.instances.some(isWarmed)) {
    await poolChange(tx, group.id, () => null)
    return true
  }
  const { counted, capacity, missing } = poolNeedOf(view)
  const dead = counted.find(({ isHealthy }) => !isHealthy)
  // The youngest knows least.
  const [youngest] = counted.toSorted((a, b) => b.createdAt - a.createdAt)
  const one =
    dead ?? (missing < 0 && (isDeleting || youngest!.weight <= -missing) ? youngest : undefined)
  if (!one) return false
  const cause = dead
    ? outOfService(now, HEALTH_WORDS.ended)
    : poolShrinkCause(now, capacity, capacity - one.weight)
  await terminationStart(app, tx, group, one, { cause, isForced: isDeleting })
  return true
}

/** When a paused launch into it is tried again. */
export function poolNextAt({ group, now }: GroupView): number | null {
  const at = group.warmPool?.failures?.retryAt ?? 0
  return at > now ? at : null
}

const isReady = (one: ScalingInstance): boolean =>
  isInPool(one) && one.isHealthy && POOL_STATES.includes(one.state as PoolState)

/** For what the group lacks. @returns whether there was one. */
export async function poolTake({ app, group: { id }, instances }: GroupView): Promise<boolean> {
  if (!instances.some(isReady)) return false
  try {
    const hasTaken = await app.store.transact(async (tx) => {
      const view = await viewOf(app, tx, id)
      return view ? taken(view, tx) : false
    })
    if (hasTaken) app.activate('instances')
    return hasTaken
  } catch (error) {
    // There is no room to start it: a launch may find some, and says why if it does not.
    if (error instanceof FaultError) return false
    throw error
  }
}

async function taken(view: GroupView, tx: StoreTransaction): Promise<boolean> {
  const { app, group, instances, now } = view
  const { counted, capacity, missing } = needOf(view)
  if (missing <= 0) return false
  const where = counted.map(({ zone }) => ({ zone, subnetId: null }))
  const zones = spotsInOrder(await spotsOf(tx, group), where).map(({ zone }) => zone)
  const rank = ({ zone }: ScalingInstance): number => (zones.indexOf(zone) + 100) % 100
  const [one] = instances
    .filter((each) => isReady(each) && zones.includes(each.zone))
    .toSorted((a, b) => rank(a) - rank(b) || a.createdAt - b.createdAt)
  if (!one) return false
  await instanceStartIn(app, tx, present(view.ec2.get(one.id), 'its instance'))
  const { id } = await activityInsert(app, tx, group, {
    description: launchDescription(one.id, ' from warm pool'),
    cause: launchCause(now, group.cause, capacity, capacity + one.weight),
    status: 'PreInService',
    progress: 30,
    details: detailsOf(one),
  })
  const moved = { isWarmed: false, isFromPool: true, inServiceAt: null, activityId: id }
  const state = { state: 'Pending', stateSince: now, waits: [] } as const
  await tx.update('scalingInstance', { ...one, ...moved, ...state })
  return true
}

/** Whether scale-in gives it back, with what the group desires now. */
export function mayReturn(view: GroupView, one: ScalingInstance): boolean {
  const { warmPool } = view.group
  if (!warmPool?.isReused || warmPool.isDeleting || !one.isHealthy) return false
  return one.state === 'InService' && one.replace === null && poolNeedOf(view).missing >= one.weight
}

export async function poolReturn(
  { app, group, now }: GroupView,
  tx: StoreTransaction,
  one: ScalingInstance,
  cause: string,
): Promise<void> {
  const { id } = await activityInsert(app, tx, group, {
    description: `Returning EC2 instance to warm pool: ${one.id}`,
    cause,
    status: 'InProgress',
    progress: 0,
    details: detailsOf(one),
  })
  // Since when it served stays: so it is told from one that comes into the pool for the first time.
  const moved = { isWarmed: true, isFromPool: false, activityId: id, waits: [] }
  await tx.update('scalingInstance', { ...one, ...moved, state: 'Pending', stateSince: now })
}

/** A refresh makes the pool anew: what is in it ends, and what comes is launched as the refresh says. */
export async function poolRenew(view: GroupView, tx: StoreTransaction): Promise<void> {
  const { app, group, now } = view
  for (const one of view.instances.filter(isInPool)) {
    const cause = outOfService(now, HEALTH_WORDS.refresh)
    await terminationStart(app, tx, group, one, { cause })
  }
}
