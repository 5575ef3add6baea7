/**
 * Auto Scaling groups as a user makes, changes, deletes and finds them. Only wishes are written here; the reconciler
 * brings the instances about. Source: Auto Scaling API reference and user guide, "Auto Scaling groups".
 */
import {
  isPending,
  isTerminating,
  isWarmed,
  weightOf,
  within,
} from '../../domain/autoscaling/capacity.ts'
import type {
  GroupConfiguration,
  GroupSizes,
  GroupTag,
  LifecycleHook,
  ScalingGroup,
  ScalingInstance,
} from '../../domain/autoscaling/records.ts'
import { changing, sizesText, timeText } from '../../domain/autoscaling/words.ts'
import type { StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { claiming } from '../network/change.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import { groupRemoveIn } from './balance.ts'
import { invalid, scalingFault } from './faults.ts'
import { configurationChecked } from './group-check.ts'
import { tagsByKey } from './group-tags.ts'
import { hooksChecked } from './hooks.ts'
import { cooling, desiredSet } from './policy-run.ts'
import { targetGroupsCheck } from './targets.ts'
import { groupFind, groupGet, instancesOf, newUuid } from './scope.ts'

/** AWS's quota of an account and region. */
export const GROUPS_MAX = 500

export interface GroupRequest {
  name: string
  configuration: GroupConfiguration
  tags: readonly GroupTag[]
  hooks: readonly LifecycleHook[]
  targetGroupArns: readonly string[]
}

export async function groupCreate(ctx: Ctx, request: GroupRequest): Promise<ScalingGroup> {
  const { app } = ctx
  const { name, targetGroupArns } = request
  sizesCheck(request.configuration)
  hooksChecked(request.hooks)
  await targetGroupsCheck(ctx, targetGroupArns)
  const configuration = await configurationChecked(ctx, request.configuration)
  const taken = () => {
    const words = `AutoScalingGroup by this name already exists - A group with the name ${name} already exists`
    return scalingFault('AlreadyExistsFault', words)
  }
  const make = async (tx: StoreTransaction) => {
    if (await groupFind(ctx, name, tx)) throw taken()
    if ((await tx.count('scalingGroup', scopeOf(ctx))) >= GROUPS_MAX) {
      const words = `AutoScalingGroup limit exceeded: an account can have ${GROUPS_MAX} in a region`
      throw scalingFault('LimitExceededFault', words)
    }
    const at = timeText(app.clock.now())
    const { desired } = configuration
    return tx.insert('scalingGroup', {
      ...baseOf(ctx, tagsByKey(request.tags)),
      id: newUuid(app.random),
      name,
      configuration,
      groupTags: request.tags,
      hooks: request.hooks,
      suspended: [],
      enabledMetrics: [],
      notifications: [],
      targetGroupArns,
      cause:
        desired === 0
          ? ''
          : `At ${at} a user request created an AutoScalingGroup ${changing(0, desired)}.`,
      scaledAt: null,
      failures: null,
      deletingSince: null,
    })
  }
  return claiming(() => app.store.transact(make), taken)
}

function sizesCheck({ min, max, desired }: GroupSizes): void {
  if (min > max)
    throw invalid(`Max bound, ${max}, must be greater than or equal to min bound, ${min}`)
  if (desired < min || desired > max) {
    throw invalid(
      `Desired capacity:${desired} must be between the specified min size:${min} and max size:${max}`,
    )
  }
}

/** What is undefined stays as it is; a desired capacity that is not said follows the bounds. */
export async function groupUpdate(
  ctx: Ctx,
  name: string,
  change: Partial<GroupConfiguration>,
): Promise<void> {
  const { app } = ctx
  const before = mustLive(await groupGet(ctx, name))
  const said = Object.fromEntries(
    Object.entries(change).filter(([, value]) => value !== undefined),
  ) as Partial<GroupConfiguration>
  // What launches and places instances is checked outside of the transaction: it reads much.
  const isChecked = said.launch || said.subnetIds || said.zones || said.placementGroup
  const merged = { ...before.configuration, ...said }
  if (isChecked) Object.assign(said, placesOf(await configurationChecked(ctx, merged)))
  await app.store.transact(async (tx) => {
    const group = mustLive(await groupGet(ctx, name, tx))
    const next = { ...group.configuration, ...said }
    next.desired = said.desired ?? within(next, next.desired)
    sizesCheck(next)
    const from = group.configuration.desired
    const at = timeText(app.clock.now())
    const sentence =
      `At ${at} a user request update of AutoScalingGroup constraints to ${sizesText(next)} ` +
      `${changing(from, next.desired)}.`
    await tx.update('scalingGroup', {
      ...group,
      configuration: next,
      cause: next.desired === from ? group.cause : sentence,
      failures: null,
    })
  })
}

const placesOf = ({ launch, subnetIds, zones }: GroupConfiguration) => ({
  launch,
  subnetIds,
  zones,
})

export function mustLive(group: ScalingGroup): ScalingGroup {
  if (group.deletingSince === null) return group
  throw scalingFault(
    'ScalingActivityInProgressFault',
    `AutoScalingGroup ${group.name} is pending delete and cannot be changed`,
  )
}

export async function desiredCapacitySet(
  ctx: Ctx,
  name: string,
  desired: number,
  honorCooldown: boolean,
): Promise<void> {
  const { app } = ctx
  await app.store.transact(async (tx) => {
    const group = mustLive(await groupGet(ctx, name, tx))
    const { min, max, cooldownSeconds, desired: before } = group.configuration
    const beyond =
      desired > max ? `above max value ${max}` : desired < min ? `below min value ${min}` : null
    if (beyond) {
      throw invalid(
        `New SetDesiredCapacity value ${desired} is ${beyond} for the AutoScalingGroup.`,
      )
    }
    if (honorCooldown) {
      const instances = await instancesOf(tx, group.id)
      const busy = cooling(group, instances, cooldownSeconds, app.clock.now())
      if (busy) throw scalingFault('ScalingActivityInProgressFault', busy)
    }
    if (desired === before) return
    await desiredSet(
      app,
      tx,
      group,
      desired,
      'a user request explicitly set group desired capacity',
    )
  })
}

export async function groupDelete(ctx: Ctx, name: string, isForced: boolean): Promise<void> {
  const { app } = ctx
  await app.store.transact(async (tx) => {
    const group = await groupGet(ctx, name, tx)
    const { deletionProtection } = group.configuration
    if (
      deletionProtection === 'prevent-all-deletion' ||
      (isForced && deletionProtection === 'prevent-force-deletion')
    ) {
      throw invalid(`AutoScalingGroup ${name} has the deletion protection ${deletionProtection}`)
    }
    const instances = await instancesOf(tx, group.id)
    if (!isForced && instances.length > 0) mustBeEmpty(instances)
    if (instances.length === 0) return groupRemoveIn(tx, group)
    await tx.update('scalingGroup', {
      ...group,
      deletingSince: group.deletingSince ?? app.clock.now(),
      configuration: { ...group.configuration, min: 0, desired: 0 },
    })
  })
}

function mustBeEmpty(instances: readonly ScalingInstance[]): never {
  if (instances.some((one) => isPending(one) || isTerminating(one))) {
    const words =
      'You cannot delete an AutoScalingGroup while there are scaling activities in progress for that group.'
    throw scalingFault('ScalingActivityInProgressFault', words)
  }
  const words =
    'You cannot delete an AutoScalingGroup while there are instances or pending Spot instance request(s) ' +
    'still in the group.'
  throw scalingFault('ResourceInUseFault', words)
}

export interface GroupWithInstances {
  group: ScalingGroup
  /** Its own, and those of its warm pool. */
  instances: readonly ScalingInstance[]
  pooled: readonly ScalingInstance[]
}

/** Those named that there are: others are left out, as on AWS. */
export async function groupsFind(
  ctx: Ctx,
  names: readonly string[],
): Promise<GroupWithInstances[]> {
  const { store } = ctx.app
  const scope = scopeOf(ctx)
  const [groups, instances] = await Promise.all([
    store.list('scalingGroup', scope),
    store.list('scalingInstance', scope),
  ])
  const byGroup = Map.groupBy(instances, ({ groupId }) => groupId)
  return groups
    .filter(({ name }) => names.length === 0 || names.includes(name))
    .map((group) => {
      const all = byGroup.get(group.id) ?? []
      const instances = all.filter((one) => !isWarmed(one))
      return { group, instances, pooled: all.filter(isWarmed) }
    })
}

/** How much of the capacity the group has in service. */
export const servingOf = (instances: readonly ScalingInstance[]): number =>
  weightOf(instances.filter(({ state }) => state === 'InService'))

/** A change of what a group has beside its configuration. */
export async function groupChange(
  ctx: Ctx,
  name: string,
  change: (group: ScalingGroup) => ScalingGroup,
): Promise<ScalingGroup> {
  return ctx.app.store.transact(async (tx) =>
    tx.update('scalingGroup', change(mustLive(await groupGet(ctx, name, tx)))),
  )
}
