/**
 * Desired and actual capacity brought together, an instance a step: what is missing is launched, what is marked is
 * replaced at the pace that policies allow, what is too much goes by the termination policies.
 */
import { isPending, isTerminating, isWarmed } from '../../domain/autoscaling/capacity.ts'
import { unbalanced, victimOf, type Candidate } from '../../domain/autoscaling/choose.ts'
import {
  isSuspended,
  type LaunchSource,
  type ScalingInstance,
} from '../../domain/autoscaling/records.ts'
import { HEALTH_WORDS, outOfService, shrinkCause } from '../../domain/autoscaling/words.ts'
import type { StoreReader } from '../../store/store.ts'
import { resourceChange } from '../../store/sql-store.ts'
import { idOf } from '../metrics/alarm-records.ts'
import { launchOne, spotsOf, versionOf } from './launch.ts'
import { terminationStart } from './lives.ts'
import { needOf, replaceable } from './need.ts'
import { scalingCtx } from './scope.ts'
import { sourceOf, viewOf, type GroupView } from './view.ts'
import { mayReturn, poolReturn, poolTake } from './warm-pool.ts'

/** One step; @returns whether there may be another. */
export async function balanceStep(view: GroupView): Promise<boolean> {
  const { group, now } = view
  if (group.deletingSince !== null) return deletionStep(view)
  const { missing } = needOf(view)
  const mayTerminate = !isSuspended(group, 'Terminate')
  if (mayTerminate && replaceable(view)) return replaceStep(view)
  if (missing > 0 && !isSuspended(group, 'Launch')) {
    if (await poolTake(view)) return true
    if (now < (group.failures?.retryAt ?? 0)) return false
    return launchOne(view)
  }
  if (missing < 0 && mayTerminate) return shrinkStep(view)
  if (missing === 0) return settledStep(view)
  return false
}

/** When a paused launch is tried again. */
export function balanceNextAt({ group, now }: GroupView): number | null {
  const at = group.failures?.retryAt ?? 0
  return at > now ? at : null
}

async function replaceStep({ app, group }: GroupView): Promise<boolean> {
  return app.store.transact(async (tx) => {
    const view = await viewOf(app, tx, group.id)
    const one = view && replaceable(view)
    if (!view || !one) return false
    const { reason, cause } = one.replace!
    const words = reason === 'unhealthy' ? cause : outOfService(view.now, HEALTH_WORDS[reason])
    await terminationStart(app, tx, view.group, one, { cause: words })
    return true
  })
}

async function shrinkStep({ app, group: { id } }: GroupView): Promise<boolean> {
  return app.store.transact(async (tx) => {
    const view = await viewOf(app, tx, id)
    if (!view) return false
    const { group, now } = view
    const { counted, capacity, missing } = needOf(view)
    const spare = counted.filter((one) => !one.isProtected && one.weight <= -missing)
    // One that is to be replaced needs no successor now.
    const marked = spare.filter(({ replace }) => replace !== null)
    const candidates = await candidatesOf(view, tx, marked.length > 0 ? marked : spare)
    const chosen = victimOf(candidates, group.configuration.terminationPolicies, now)
    const one = spare.find((each) => each.id === chosen?.id)
    if (!one) return false
    const to = capacity - one.weight
    const cause = shrinkCause(now, group.cause, one.id, capacity, to)
    if (mayReturn(view, one)) {
      await poolReturn(view, tx, one, cause)
      return true
    }
    await terminationStart(app, tx, group, one, { cause })
    return true
  })
}

async function candidatesOf(
  view: GroupView,
  reader: StoreReader,
  instances: readonly ScalingInstance[],
): Promise<Candidate[]> {
  const { account, region } = view.group
  const source = sourceOf(view)
  const current = await currentVersion(view, reader, source)
  const configurations = await reader.list('scalingLaunch', { account, region })
  const madeAt = new Map(configurations.map(({ name, createdAt }) => [name, createdAt]))
  return instances.map(({ id, zone, launch, createdAt }) => ({
    id,
    zone,
    launch,
    createdAt,
    isCurrent: launch?.type === 'template' && launch.templateId === current?.templateId,
    templateVersion: launch?.type === 'template' ? Number(launch.version) : null,
    configuredAt: launch?.type === 'configuration' ? (madeAt.get(launch.name) ?? 0) : null,
  }))
}

async function currentVersion(
  { app, group }: GroupView,
  reader: StoreReader,
  source: LaunchSource,
) {
  if (source.type === 'configuration') return undefined
  const found = await reader.get('launchTemplate', source.template.templateId)
  if (!found) return undefined
  const { version } = await versionOf(scalingCtx(app, group), reader, source.template)
  return { templateId: found.id as string, version }
}

/** As much as is wanted: the reason is told, and zones may be brought into balance. */
async function settledStep(view: GroupView): Promise<boolean> {
  const { app, group } = view
  const instances = view.instances.filter((one) => !isWarmed(one))
  if (instances.some((one) => isPending(one) || isTerminating(one) || one.replace)) return false
  if (group.cause !== '') {
    await app.store.transact((tx) =>
      resourceChange(tx, 'scalingGroup', group.id, (one) =>
        one.cause === group.cause ? { ...one, cause: '' } : undefined,
      ),
    )
    return true
  }
  if (isSuspended(group, 'AZRebalance') || group.failures !== null || view.refresh) return false
  const zones = [...new Set((await spotsOf(app.store, group)).map(({ zone }) => zone))]
  if (zones.length === 0) return false
  const serving = instances.filter(
    ({ state, isProtected }) => state === 'InService' && !isProtected,
  )
  const id = unbalanced(zones, serving)
  if (id === null) return false
  const changed = await app.store.transact((tx) =>
    resourceChange(tx, 'scalingInstance', id, (one) =>
      one.state === 'InService' && one.replace === null
        ? { ...one, replace: { reason: 'rebalance', cause: HEALTH_WORDS.rebalance } }
        : undefined,
    ),
  )
  return changed !== undefined
}

/** All at once, without waiting for hooks; what it had goes with it, its history stays. */
async function deletionStep({ app, group: { id } }: GroupView): Promise<boolean> {
  return app.store.transact(async (tx) => {
    const view = await viewOf(app, tx, id)
    if (!view) return false
    const { group, instances, now } = view
    const left = instances.filter((one) => one.state !== 'Terminating:Proceed')
    for (const one of left) {
      if (isTerminating(one)) {
        await tx.update('scalingInstance', { ...one, state: 'Terminating:Proceed', waits: [] })
        continue
      }
      const cause = outOfService(now, 'a user request to delete the group')
      await terminationStart(app, tx, group, one, { cause, isForced: true })
    }
    if (instances.length > 0) return left.length > 0
    await groupRemoveIn(tx, group)
    return true
  })
}

/** A group without instances. */
export async function groupRemoveIn(
  tx: Parameters<typeof terminationStart>[1],
  group: GroupView['group'],
): Promise<void> {
  const reference = { name: 'group', value: group.id }
  for (const policy of await tx.list('scalingPolicy', { reference })) {
    for (const name of policy.alarmNames) {
      const alarm = await tx.get('alarm', idOf(group, name))
      if (alarm) await tx.remove('alarm', alarm)
    }
    await tx.remove('scalingPolicy', policy)
  }
  for (const one of await tx.list('scalingSchedule', { reference })) {
    await tx.remove('scalingSchedule', one)
  }
  for (const one of await tx.list('scalingRefresh', { reference })) {
    await tx.remove('scalingRefresh', one)
  }
  await tx.remove('scalingGroup', group)
}
