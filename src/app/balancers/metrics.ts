/**
 * The metrics of AWS/ApplicationELB and AWS/NetworkELB, once a minute, from what HAProxy counts: the difference since
 * the minute before. Balancers of simulated hosts have none. Source: user guides, "CloudWatch metrics for your … Load
 * Balancer".
 */
import { balancerPath, groupPath } from '../../domain/balancers/arn.ts'
import type {
  BalancerCounters,
  BalancerStatus,
  GroupCounters,
} from '../../domain/balancers/plan.ts'
import type { LoadBalancer, TargetGroup } from '../../domain/balancers/records.ts'
import { summaryOf, type Sample } from '../../domain/metrics/metric.ts'
import type { App } from '../context.ts'
import { serverNameOf } from './plan.ts'

const MINUTE_MS = 60_000
type Metric = [name: string, unit: string, value: number]

export function createBalancerMeter(app: App): (now: number) => Promise<Sample[]> {
  const last = new Map<string, BalancerCounters>()
  return async (now) => {
    const balancers = await app.store.list('loadBalancer', {})
    if (balancers.length === 0) return []
    const all = await Promise.all(
      app.hosts.map(({ agent }) => agent.balancers.status().catch(() => [])),
    )
    const byId = new Map(all.flat().map((status) => [status.balancerId, status]))
    const samples: Sample[] = []
    for (const balancer of balancers) {
      const status = byId.get(balancer.id)
      if (!status?.isRunning || status.isSimulated) continue
      const reference = { name: 'balancer', value: balancer.id }
      const groups = await app.store.list('targetGroup', { reference })
      const before = last.get(balancer.id)
      if (status.counters) last.set(balancer.id, status.counters)
      samples.push(...samplesOf(balancer, groups, status, before, now - MINUTE_MS))
    }
    const ids = new Set(balancers.map(({ id }) => id))
    for (const id of last.keys()) if (!ids.has(id)) last.delete(id)
    return samples
  }
}

/** A counter that fell began anew: what it has now is what was since. */
const since = (now: number, before: number | undefined): number =>
  before === undefined || now < before ? now : now - before

export function samplesOf(
  balancer: LoadBalancer,
  groups: readonly TargetGroup[],
  status: BalancerStatus,
  before: BalancerCounters | undefined,
  at: number,
): Sample[] {
  const { account, region } = balancer
  const namespace = balancer.type === 'application' ? 'AWS/ApplicationELB' : 'AWS/NetworkELB'
  const sampled = (dimensions: Record<string, string>, metrics: readonly Metric[]): Sample[] =>
    metrics.map(([name, unit, value]) => ({
      series: { account, region, namespace, name, dimensions },
      ...{ unit, at, resolution: 60 as const },
      ...summaryOf(value),
    }))
  const LoadBalancer = balancerPath(balancer)
  const now = status.counters
  return [
    // The first look has nothing to compare with.
    ...(now && before ? sampled({ LoadBalancer }, balancerMetrics(balancer, now, before)) : []),
    ...groups.flatMap((group) => {
      const find = (counters: BalancerCounters | undefined | null) =>
        counters?.groups.find(({ groupId }) => groupId === group.id)
      const counted = before ? groupMetrics(balancer, find(now), find(before)) : []
      const TargetGroup = groupPath(group)
      return sampled({ LoadBalancer, TargetGroup }, [...hostMetrics(group, status), ...counted])
    }),
  ]
}

function balancerMetrics(
  { type }: LoadBalancer,
  now: BalancerCounters,
  before: BalancerCounters,
): Metric[] {
  const bytes: Metric = ['ProcessedBytes', 'Bytes', since(now.bytes, before.bytes)]
  const fresh = since(now.connections, before.connections)
  if (type === 'network') {
    return [
      bytes,
      ['ActiveFlowCount', 'Count', now.activeConnections],
      ['NewFlowCount', 'Count', fresh],
    ]
  }
  const made = (digit: string): number => {
    const all = since(now.answers[digit] ?? 0, before.answers[digit])
    const targets = (some: BalancerCounters) =>
      some.groups.reduce((sum, { answers }) => sum + (answers[digit] ?? 0), 0)
    return Math.max(0, all - since(targets(now), targets(before)))
  }
  const own = ['3', '4', '5'].map((digit): Metric => [
    `HTTPCode_ELB_${digit}XX_Count`,
    'Count',
    made(digit),
  ])
  return [
    bytes,
    ['ActiveConnectionCount', 'Count', now.activeConnections],
    ['NewConnectionCount', 'Count', fresh],
    ['RequestCount', 'Count', since(now.requests, before.requests)],
    ['RejectedConnectionCount', 'Count', since(now.rejected, before.rejected)],
    ...own.filter(([, , value]) => value > 0),
  ]
}

function groupMetrics(
  { type }: LoadBalancer,
  now: GroupCounters | undefined,
  before: GroupCounters | undefined,
): Metric[] {
  if (!now || type === 'network') return []
  const requests = since(now.requests, before?.requests)
  const errors = since(now.connectionErrors, before?.connectionErrors)
  const codes = ['2', '3', '4', '5'].map((digit): Metric => {
    const value = since(now.answers[digit] ?? 0, before?.answers[digit])
    return [`HTTPCode_Target_${digit}XX_Count`, 'Count', value]
  })
  return [
    ...(requests > 0 ? ([['RequestCount', 'Count', requests]] as Metric[]) : []),
    ...codes.filter(([, , value]) => value > 0),
    ...(errors > 0 ? ([['TargetConnectionErrorCount', 'Count', errors]] as Metric[]) : []),
    ...(requests > 0 && now.responseSeconds !== null
      ? ([['TargetResponseTime', 'Seconds', now.responseSeconds]] as Metric[])
      : []),
  ]
}

function hostMetrics(group: TargetGroup, { targets }: BalancerStatus): Metric[] {
  const names = new Set(
    group.targets
      .filter(({ drainingSince }) => drainingSince === null)
      .map((target) => serverNameOf(group, target)),
  )
  const own = targets.filter((one) => one.groupId === group.id && names.has(one.serverName))
  const count = (verdict: string): number => own.filter((one) => one.verdict === verdict).length
  return [
    ['HealthyHostCount', 'Count', count('healthy')],
    ['UnHealthyHostCount', 'Count', count('unhealthy')],
  ]
}
