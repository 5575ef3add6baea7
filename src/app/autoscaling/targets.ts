/**
 * A group's instances in the target groups of its load balancers: those in service are registered, those that leave are
 * taken out and their connections end first. What the port does may be done again, so a crash between it and the
 * record of it costs a repetition.
 */
import { unhealthy } from '../../domain/autoscaling/advance.ts'
import { isSuspended, type ScalingInstance } from '../../domain/autoscaling/records.ts'
import { HEALTH_WORDS } from '../../domain/autoscaling/words.ts'
import { resourceChange } from '../../store/sql-store.ts'
import type { App, TargetGroups } from '../context.ts'
import { scalingCtx } from './scope.ts'
import type { GroupView } from './view.ts'

/** @returns whether something changed. */
export async function targetsStep(view: GroupView): Promise<boolean> {
  const { app, group } = view
  const { targetGroups } = app
  if (!targetGroups) return false
  let hasChanged = false
  for (const one of view.instances) {
    const wanted = one.state === 'InService' ? group.targetGroupArns : []
    const isPaused = isSuspended(group, 'AddToLoadBalancer')
    const missing = isPaused ? [] : wanted.filter((arn) => !one.targetGroupArns.includes(arn))
    const extra = one.targetGroupArns.filter((arn) => !wanted.includes(arn))
    if (missing.length > 0 && (await register(view, targetGroups, one, missing))) hasChanged = true
    if (extra.length > 0 && (await deregister(view, targetGroups, one, extra))) hasChanged = true
  }
  if (await elbHealth(view, targetGroups)) hasChanged = true
  return hasChanged
}

async function register(
  { app, group }: GroupView,
  port: TargetGroups,
  one: ScalingInstance,
  arns: readonly string[],
): Promise<boolean> {
  // The record first: what it says is taken out again when the instance leaves, registered or not.
  await arnsSet(app, one, [...one.targetGroupArns, ...arns])
  for (const arn of arns) await port.register(scalingCtx(app, group), arn, [one.id])
  return true
}

async function deregister(
  { app, group }: GroupView,
  port: TargetGroups,
  one: ScalingInstance,
  arns: readonly string[],
): Promise<boolean> {
  const ctx = scalingCtx(app, group)
  const left: string[] = []
  for (const arn of arns) {
    const before = (await port.health(ctx, arn, [one.id])).get(one.id)
    if (before !== 'draining') await port.deregister(ctx, arn, [one.id])
    const health = (await port.health(ctx, arn, [one.id])).get(one.id)
    if (health === 'draining') left.push(arn)
  }
  const kept = one.targetGroupArns.filter((arn) => !arns.includes(arn) || left.includes(arn))
  if (kept.length === one.targetGroupArns.length) return false
  await arnsSet(app, one, kept)
  return true
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
async function elbHealth(
  { app, group, instances, now }: GroupView,
  port: TargetGroups,
): Promise<boolean> {
  const { hasElbHealthCheck, graceSeconds } = group.configuration
  if (!hasElbHealthCheck || isSuspended(group, 'HealthCheck')) return false
  let hasChanged = false
  for (const one of instances) {
    if (one.state !== 'InService' || !one.isHealthy) continue
    if (now < (one.inServiceAt ?? now) + graceSeconds * 1000) continue
    for (const arn of one.targetGroupArns) {
      const health = (await port.health(scalingCtx(app, group), arn, [one.id])).get(one.id)
      if (health !== 'unhealthy') continue
      const { to } = unhealthy(now, HEALTH_WORDS.elb)
      await app.store.transact((tx) =>
        resourceChange(tx, 'scalingInstance', one.id, (each) => ({ ...each, ...(to as object) })),
      )
      hasChanged = true
      break
    }
  }
  return hasChanged
}
