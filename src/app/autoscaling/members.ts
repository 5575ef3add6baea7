/**
 * What a user does with instances of a group: ends one, attaches, detaches, puts one aside and back, protects, says how
 * it is. Each is one transaction, all instances of a request or none. Source: Auto Scaling API reference.
 */
import { isPending, isTerminating, isWarmed, weightOf } from '../../domain/autoscaling/capacity.ts'
import type {
  ScalingActivity,
  ScalingGroup,
  ScalingInstance,
} from '../../domain/autoscaling/records.ts'
import { HEALTH_WORDS, outOfService, timeText } from '../../domain/autoscaling/words.ts'
import { parseId, type InstanceId } from '../../domain/ids.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import { present } from '../../lib/assert.ts'
import { resourceChange } from '../../store/sql-store.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { activityInsert } from './activities.ts'
import { invalid, scalingFault } from './faults.ts'
import { instanceInsert } from './launch.ts'
import { detailsOf, GROUP_TAG, terminationStart } from './lives.ts'
import { groupGet, instancesOf } from './scope.ts'

/** AWS's own bounds of a request. */
const INSTANCES_MAX = 20
const PROTECTED_MAX = 50

/** @throws the service's ValidationError when one is not of the group. */
async function membersGet(
  reader: StoreReader,
  group: ScalingGroup,
  ids: readonly string[],
  most = INSTANCES_MAX,
): Promise<ScalingInstance[]> {
  if (ids.length > most) throw invalid(`At most ${most} instances in one request`)
  const all = new Map((await instancesOf(reader, group.id)).map((one) => [one.id as string, one]))
  const missing = ids.filter((id) => !all.has(id))
  if (missing.length > 0) {
    throw invalid(
      `The instance ${missing.join(', ')} is not part of Auto Scaling group ${group.name}.`,
    )
  }
  return [...new Set(ids)].map((id) => all.get(id)!)
}

/** A member of any of the account's groups. @throws the service's ValidationError. */
async function memberGet(ctx: Ctx, reader: StoreReader, id: string): Promise<ScalingInstance> {
  const found = await reader.get('scalingInstance', id)
  if (found && found.account === ctx.account && found.region === ctx.region) return found
  throw invalid(`Instance Id not found - No managed instance found for instance ID: ${id}`)
}

/** The group with its desired capacity less; it must not fall below the minimum. */
async function desiredLess(
  tx: StoreTransaction,
  group: ScalingGroup,
  by: number,
): Promise<ScalingGroup> {
  const { configuration } = group
  const desired = configuration.desired - by
  if (desired < configuration.min) {
    throw invalid(
      `Currently, desiredSize equals minSize (${configuration.min}). Terminating, detaching or ` +
        'putting aside an instance with ShouldDecrementDesiredCapacity would take the group below its minimum.',
    )
  }
  return tx.update('scalingGroup', { ...group, configuration: { ...configuration, desired } })
}

export async function memberTerminate(
  ctx: Ctx,
  id: string,
  options: { isDecrementing: boolean },
): Promise<ScalingActivity> {
  const { app } = ctx
  return app.store.transact(async (tx) => {
    const one = await memberGet(ctx, tx, id)
    if (isWarmed(one)) throw invalid(`Instance ${id} is in a warm pool`)
    if (isTerminating(one)) {
      const words = `Scaling activity ${one.activityId} is in progress and blocks this action`
      throw scalingFault('ScalingActivityInProgressFault', words)
    }
    let group = present(await tx.get('scalingGroup', one.groupId), 'the group')
    const from = group.configuration.desired
    if (options.isDecrementing) group = await desiredLess(tx, group, one.weight)
    const to = group.configuration.desired
    const change = options.isDecrementing ? `, shrinking the capacity from ${from} to ${to}` : ''
    const cause = `At ${timeText(app.clock.now())} instance ${id} was taken out of service in response to a user request${change}.`
    await terminationStart(app, tx, group, one, { cause })
    const changed = await tx.get('scalingInstance', id)
    return present(await tx.get('scalingActivity', changed!.activityId!), 'its activity')
  })
}

export async function membersAttach(ctx: Ctx, groupName: string, ids: readonly string[]) {
  const { app } = ctx
  if (ids.length === 0 || ids.length > INSTANCES_MAX) {
    throw invalid(`Between 1 and ${INSTANCES_MAX} instances are attached in one request`)
  }
  await app.store.transact(async (tx) => {
    const group = await groupGet(ctx, groupName, tx)
    const { configuration } = group
    const unique = [...new Set(ids)]
    const desired = configuration.desired + unique.length
    if (desired > configuration.max) {
      throw invalid(
        `AutoScalingGroup ${group.name} has max size ${configuration.max}; attaching ${unique.length} ` +
          `instance(s) would take its desired capacity to ${desired}.`,
      )
    }
    const changed = await tx.update('scalingGroup', {
      ...group,
      configuration: { ...configuration, desired },
    })
    for (const [n, id] of unique.entries()) {
      await attachOne(ctx, tx, changed, id, configuration.desired + n)
    }
  })
}

async function attachOne(
  ctx: Ctx,
  tx: StoreTransaction,
  group: ScalingGroup,
  text: string,
  from: number,
): Promise<void> {
  const { app } = ctx
  const id = parseId('instance', text)
  const ec2 = await tx.get('instance', id)
  if (!ec2 || ec2.account !== ctx.account || ec2.region !== ctx.region) {
    throw invalid(`Invalid Instance ID(s): [${id}] specified`)
  }
  if (await tx.get('scalingInstance', id)) {
    throw invalid(`Instance ${id} is already part of an Auto Scaling group`)
  }
  if (instanceStateOf(ec2) !== 'running') {
    throw invalid(`Instance ${id} is not in correct state. Instance(s) must be in 'running' state.`)
  }
  const { zones } = group.configuration
  if (!zones.includes(ec2.spec.zone)) {
    throw invalid(
      `Instance ${id} is in ${ec2.spec.zone}, which is not an Availability Zone of the group ` +
        `(${zones.join(', ')})`,
    )
  }
  const now = app.clock.now()
  const activity = await activityInsert(app, tx, group, {
    description: `Attaching an existing EC2 instance: ${id}`,
    cause:
      `At ${timeText(now)} an instance was attached in response to a user request, ` +
      `increasing the capacity from ${from} to ${from + 1}.`,
    status: 'PreInService',
    progress: 30,
    details: { 'Availability Zone': ec2.spec.zone },
  })
  const made = { launch: null, weight: 1, activityId: activity.id, at: now }
  await instanceInsert(tx, group, id, made)
  await resourceChange(tx, 'instance', id, (instance) => ({
    ...instance,
    tags: { ...instance.tags, [GROUP_TAG]: group.name },
  }))
}

export async function membersDetach(
  ctx: Ctx,
  groupName: string,
  ids: readonly string[],
  options: { isDecrementing: boolean },
): Promise<ScalingActivity[]> {
  return membersMove(ctx, groupName, ids, options, {
    state: 'Detaching',
    from: ['InService', 'Standby'],
    description: (id) => `Detaching EC2 instance: ${id}`,
    verb: 'was detached',
    isEnded: false,
  })
}

export async function standbyEnter(
  ctx: Ctx,
  groupName: string,
  ids: readonly string[],
  options: { isDecrementing: boolean },
): Promise<ScalingActivity[]> {
  return membersMove(ctx, groupName, ids, options, {
    state: 'Standby',
    from: ['InService'],
    description: (id) => `Moving EC2 instance to Standby: ${id}`,
    verb: 'was moved to standby',
    isEnded: true,
  })
}

interface Move {
  state: 'Detaching' | 'Standby'
  from: readonly ScalingInstance['state'][]
  description: (id: string) => string
  verb: string
  isEnded: boolean
}

async function membersMove(
  ctx: Ctx,
  groupName: string,
  ids: readonly string[],
  { isDecrementing }: { isDecrementing: boolean },
  move: Move,
): Promise<ScalingActivity[]> {
  const { app } = ctx
  return app.store.transact(async (tx) => {
    let group = await groupGet(ctx, groupName, tx)
    const found = await membersGet(tx, group, ids)
    const wrong = found.find(({ state }) => !move.from.includes(state))
    if (wrong) {
      throw invalid(
        `The instance ${wrong.id} is not in ${move.from.join(' or ')}; it is in ${wrong.state}.`,
      )
    }
    // One that stood aside is not part of the desired capacity.
    const counted = found.filter(({ state }) => state === 'InService')
    const before = group.configuration.desired
    if (isDecrementing) group = await desiredLess(tx, group, weightOf(counted))
    const after = group.configuration.desired
    const change = isDecrementing ? `, shrinking the capacity from ${before} to ${after}` : ''
    const activities: ScalingActivity[] = []
    const now = app.clock.now()
    for (const one of found) {
      const activity = await activityInsert(app, tx, group, {
        description: move.description(one.id),
        cause: `At ${timeText(now)} instance ${one.id} ${move.verb} in response to a user request${change}.`,
        status: move.isEnded ? 'Successful' : 'InProgress',
        progress: move.isEnded ? 100 : 50,
        details: detailsOf(one),
        isEnded: move.isEnded,
      })
      activities.push(activity)
      await tx.update('scalingInstance', {
        ...one,
        state: move.state,
        stateSince: now,
        replace: null,
        activityId: move.isEnded ? null : activity.id,
      })
    }
    return activities
  })
}

export async function standbyExit(
  ctx: Ctx,
  groupName: string,
  ids: readonly string[],
): Promise<ScalingActivity[]> {
  const { app } = ctx
  return app.store.transact(async (tx) => {
    const group = await groupGet(ctx, groupName, tx)
    const { configuration } = group
    const found = await membersGet(tx, group, ids)
    const wrong = found.find(({ state }) => state !== 'Standby')
    if (wrong) throw invalid(`The instance ${wrong.id} is not in Standby.`)
    const desired = configuration.desired + weightOf(found)
    if (desired > configuration.max) {
      throw invalid(
        `Moving the instances out of standby would take the desired capacity to ${desired}, ` +
          `above the maximum of ${configuration.max}.`,
      )
    }
    const changed = await tx.update('scalingGroup', {
      ...group,
      configuration: { ...configuration, desired },
    })
    const activities: ScalingActivity[] = []
    const now = app.clock.now()
    for (const one of found) {
      const activity = await activityInsert(app, tx, changed, {
        description: `Moving EC2 instance out of Standby: ${one.id}`,
        cause:
          `At ${timeText(now)} instance ${one.id} was moved out of standby in response to a user request, ` +
          `increasing the capacity from ${configuration.desired} to ${desired}.`,
        status: 'PreInService',
        progress: 30,
        details: detailsOf(one),
      })
      activities.push(activity)
      await tx.update('scalingInstance', {
        ...one,
        state: 'Pending',
        stateSince: now,
        isHealthy: true,
        activityId: activity.id,
      })
    }
    return activities
  })
}

export async function membersProtect(
  ctx: Ctx,
  groupName: string,
  ids: readonly string[],
  isProtected: boolean,
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const group = await groupGet(ctx, groupName, tx)
    for (const one of await membersGet(tx, group, ids, PROTECTED_MAX)) {
      await tx.update('scalingInstance', { ...one, isProtected })
    }
  })
}

export async function memberHealthSet(
  ctx: Ctx,
  id: string,
  options: { isHealthy: boolean; isGraceRespected: boolean },
): Promise<void> {
  const { app } = ctx
  await app.store.transact(async (tx) => {
    const one = await memberGet(ctx, tx, id)
    const group = present(await tx.get('scalingGroup', one.groupId), 'the group')
    const now = app.clock.now()
    const graceEnd = (one.inServiceAt ?? now) + group.configuration.graceSeconds * 1000
    const isYoung = isPending(one) || now < graceEnd
    if (!options.isHealthy && options.isGraceRespected && isYoung) return
    const replace = options.isHealthy
      ? one.replace?.reason === 'unhealthy'
        ? null
        : one.replace
      : ({ reason: 'unhealthy', cause: outOfService(now, HEALTH_WORDS.user) } as const)
    await tx.update('scalingInstance', { ...one, isHealthy: options.isHealthy, replace })
  })
}

export interface MemberView {
  one: ScalingInstance
  group: ScalingGroup
}

/** All of the account's, or those named that are in groups. */
export async function membersFind(ctx: Ctx, ids: readonly string[]): Promise<MemberView[]> {
  const { store, account, region } = { store: ctx.app.store, ...ctx }
  const scope = { account, region }
  const found = await store.list('scalingInstance', {
    ...scope,
    ...(ids.length > 0 && { ids: ids as InstanceId[] }),
  })
  const groups = new Map((await store.list('scalingGroup', scope)).map((one) => [one.id, one]))
  return found.flatMap((one) => {
    const group = groups.get(one.groupId)
    return group ? [{ one, group }] : []
  })
}
