/**
 * How targets are, in AWS's words: what the records know (not in use, draining, stopped) and what the balancer's own
 * checks say, asked of its host at this moment. Source: user guide, "Target health status" and "reason codes".
 */
import type { BalancerStatus, TargetStatus } from '../../domain/balancers/plan.ts'
import type { LoadBalancer, Target, TargetGroup } from '../../domain/balancers/records.ts'
import { instanceStateOf } from '../../domain/instance.ts'
import type { App } from '../context.ts'
import { serverNameOf, targetPlaces } from './plan.ts'

export interface TargetHealth {
  target: Target
  state: 'initial' | 'healthy' | 'unhealthy' | 'unused' | 'draining' | 'unavailable'
  reason: string | null
  description: string | null
}

export async function targetHealth(app: App, group: TargetGroup): Promise<TargetHealth[]> {
  const balancer =
    group.balancerId === null ? undefined : await app.store.get('loadBalancer', group.balancerId)
  const status = balancer ? await balancerStatus(app, balancer) : undefined
  const places = await targetPlaces(app.store, group, group.targets)
  const states = await statesOf(app, group)
  return group.targets.map((target): TargetHealth => {
    const say = (
      state: TargetHealth['state'],
      reason: string | null = null,
      description: string | null = null,
    ): TargetHealth => ({ target, state, reason, description })
    if (target.drainingSince !== null) {
      const text = 'Target deregistration is in progress'
      return say('draining', 'Target.DeregistrationInProgress', text)
    }
    if (!balancer) {
      const text = 'Target group is not configured to receive traffic from the load balancer'
      return say('unused', 'Target.NotInUse', text)
    }
    const state = states.get(target.id)
    if (state !== undefined && state !== 'running' && state !== 'pending') {
      return say('unused', 'Target.InvalidState', `Target is in the ${state} state`)
    }
    const zone = places.get(target.id)?.zone ?? null
    if (zone !== null && !balancer.zones.some((one) => one.zone === zone)) {
      const text = 'Target is in an Availability Zone that is not enabled for the load balancer'
      return say('unused', 'Target.NotInUse', text)
    }
    const name = serverNameOf(group, target)
    const seen = status?.targets.find((one) => one.groupId === group.id && one.serverName === name)
    return { target, ...verdictOf(status, seen) }
  })
}

async function statesOf(app: App, group: TargetGroup): Promise<Map<string, string>> {
  if (group.targetType !== 'instance') return new Map()
  const ids = group.targets.map(({ id }) => id)
  const instances = ids.length > 0 ? await app.store.list('instance', { ids }) : []
  return new Map(instances.map((instance) => [instance.id as string, instanceStateOf(instance)]))
}

function verdictOf(
  status: BalancerStatus | undefined,
  seen: TargetStatus | undefined,
): Omit<TargetHealth, 'target'> {
  if (!status?.isRunning || !seen) {
    const description = 'Target registration is in progress'
    return { state: 'initial', reason: 'Elb.RegistrationInProgress', description }
  }
  if (seen.verdict === 'healthy') return { state: 'healthy', reason: null, description: null }
  if (seen.verdict === 'initial') {
    const description = 'Initial health checks in progress'
    return { state: 'initial', reason: 'Elb.InitialHealthChecking', description }
  }
  const state = 'unhealthy'
  if (seen.reason === 'timeout') {
    return { state, reason: 'Target.Timeout', description: 'Request timed out' }
  }
  if (seen.reason === 'code') {
    const description = `Health checks failed with these codes: [${seen.code ?? ''}]`
    return { state, reason: 'Target.ResponseCodeMismatch', description }
  }
  return { state, reason: 'Target.FailedHealthChecks', description: 'Health checks failed' }
}

/** What its host sees of it now; undefined: the host does not know it yet, or does not answer. */
export async function balancerStatus(
  app: App,
  { id, hostId }: Pick<LoadBalancer, 'id' | 'hostId'>,
): Promise<BalancerStatus | undefined> {
  const host = app.hosts.find(({ description }) => description.hostId === hostId)
  try {
    const all = (await host?.agent.balancers.status()) ?? []
    return all.find(({ balancerId }) => balancerId === id)
  } catch (err) {
    app.log.warn({ err, balancer: id }, 'a host does not say how a balancer is')
    return undefined
  }
}
