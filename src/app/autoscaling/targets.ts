/**
 * A group's instances in the target groups of its load balancers: those in service are registered, those that leave are
 * taken out and their connections end first. That one is meant to be in is recorded before it is, and what is there is
 * looked at each time, so that a crash between costs a repetition.
 */
import { unhealthy } from '../../domain/autoscaling/advance.ts'
import {
  isSuspended,
  type ScalingGroup,
  type ScalingInstance,
} from '../../domain/autoscaling/records.ts'
import { HEALTH_WORDS } from '../../domain/autoscaling/words.ts'
import { FaultError } from '../../domain/faults.ts'
import { resourceChange } from '../../store/sql-store.ts'
import { elbGet } from '../balancers/find.ts'
import { targetsOfInstances } from '../balancers/targets.ts'
import type { App, Ctx } from '../context.ts'
import { invalid } from './faults.ts'
import { scalingCtx } from './scope.ts'
import type { GroupView } from './view.ts'

/** @throws the service's ValidationError when one of them is none for instances. */
export async function targetGroupsCheck(ctx: Ctx, arns: readonly string[]): Promise<void> {
  for (const arn of arns) {
    const group = await elbGet(ctx, 'targetGroup', arn).catch((error: unknown) => {
      if (error instanceof FaultError) return undefined
      throw error
    })
    if (group?.targetType === 'instance') continue
    const why = group ? 'its targets are not instances' : 'Please ensure they exist and try again'
    throw invalid(`Provided Target Groups may not be valid: ${arn}. ${why}.`)
  }
}

/** By instance, how each target group finds it; undefined: the target group is not there any more. */
type Seen = Map<string, ReadonlyMap<string, string> | undefined>

/** @returns whether a record of the group changed. */
export async function targetsStep(view: GroupView): Promise<boolean> {
  const { app, group, instances } = view
  const recorded = instances.flatMap(({ targetGroupArns }) => targetGroupArns)
  const arns = [...new Set([...group.targetGroupArns, ...recorded])]
  if (arns.length === 0) return false
  const ctx = scalingCtx(app, group)
  const seen: Seen = new Map()
  for (const arn of arns) seen.set(arn, await statesOf(ctx, arn))
  let hasChanged = false
  for (const one of instances) {
    const ec2 = view.ec2.get(one.id)
    const isGone = !ec2 || ec2.releasedAt !== null
    const kept = await placesKept(ctx, group, { one, isGone }, seen)
    if (kept.join() !== one.targetGroupArns.join()) {
      await arnsSet(app, one, kept)
      hasChanged = true
    }
  }
  return (await elbHealth(view, seen)) || hasChanged
}

async function statesOf(ctx: Ctx, arn: string) {
  try {
    const all = await targetsOfInstances.health(ctx, arn)
    return new Map(all.map(({ instanceId, state }) => [instanceId, state as string]))
  } catch (error) {
    if (error instanceof FaultError) return undefined
    throw error
  }
}

/** Does what is to be done in each, and says which it is in, or is to be in. */
async function placesKept(
  ctx: Ctx,
  group: ScalingGroup,
  { one, isGone }: { one: ScalingInstance; isGone: boolean },
  seen: Seen,
): Promise<string[]> {
  const wanted = one.state === 'InService' ? group.targetGroupArns : []
  const kept: string[] = []
  for (const [arn, states] of seen) {
    const isIn = one.targetGroupArns.includes(arn)
    const state = states?.get(one.id)
    if (!states) continue
    if (wanted.includes(arn)) {
      if (!isIn && isSuspended(group, 'AddToLoadBalancer')) continue
      kept.push(arn)
      if (isIn && state === undefined) await asked(ctx, arn, one, 'register')
    } else if (isIn && state !== undefined) {
      // Connections of one that is gone have ended.
      if (!(isGone && state === 'draining')) kept.push(arn)
      if (state !== 'draining') await asked(ctx, arn, one, 'deregister')
    }
  }
  return kept
}

async function asked(
  ctx: Ctx,
  arn: string,
  { id }: ScalingInstance,
  what: 'register' | 'deregister',
): Promise<void> {
  try {
    await targetsOfInstances[what](ctx, arn, [id])
  } catch (err) {
    if (!(err instanceof FaultError)) throw err
    // Another VPC, too many targets: its group goes on without it.
    ctx.app.log.warn({ err, instance: id, targetGroup: arn }, `a target was not ${what}ed`)
  }
}

async function arnsSet(
  app: App,
  { id }: ScalingInstance,
  targetGroupArns: readonly string[],
): Promise<void> {
  await app.store.transact((tx) =>
    resourceChange(tx, 'scalingInstance', id, (one) => ({ ...one, targetGroupArns })),
  )
}

/** With the health check type ELB an instance that a load balancer finds unhealthy is replaced. */
async function elbHealth({ app, group, instances, now }: GroupView, seen: Seen): Promise<boolean> {
  const { hasElbHealthCheck, graceSeconds } = group.configuration
  if (!hasElbHealthCheck || isSuspended(group, 'HealthCheck')) return false
  let hasChanged = false
  for (const one of instances) {
    if (one.state !== 'InService' || !one.isHealthy) continue
    if (now < (one.inServiceAt ?? now) + graceSeconds * 1000) continue
    const isBad = one.targetGroupArns.some((arn) => seen.get(arn)?.get(one.id) === 'unhealthy')
    if (!isBad) continue
    const { to } = unhealthy(now, HEALTH_WORDS.elb)
    await app.store.transact((tx) =>
      resourceChange(tx, 'scalingInstance', one.id, (each) => ({ ...each, ...(to as object) })),
    )
    hasChanged = true
  }
  return hasChanged
}
