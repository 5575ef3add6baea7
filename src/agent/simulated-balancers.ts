/**
 * Load balancers of a simulated host: nothing listens and nothing is forwarded, and their status says so. Targets are
 * healthy that are simulated machines which run; an address that is no machine's never answers.
 */
import type { BalancerPlan, BalancerStatus, TargetStatus } from '../domain/balancers/plan.ts'
import { NO_COUNTERS } from '../domain/balancers/plan.ts'
import type { BalancerHost } from './protocol.ts'

export function simulatedBalancers(isRunning: (instanceId: string) => boolean): BalancerHost {
  let stated: readonly BalancerPlan[] = []
  return {
    apply: async (plans) => {
      stated = plans
    },
    status: async () => stated.map((plan) => statusOf(plan, isRunning)),
  }
}

function statusOf(
  { balancerId, groups }: BalancerPlan,
  isRunning: (instanceId: string) => boolean,
): BalancerStatus {
  const targets = groups.flatMap(({ groupId, targets: some }) =>
    some.map(({ serverName, instanceId }): TargetStatus => {
      const isHealthy = instanceId !== null && isRunning(instanceId)
      return {
        ...{ groupId, serverName, code: null },
        verdict: isHealthy ? 'healthy' : 'unhealthy',
        reason: isHealthy ? null : 'timeout',
      }
    }),
  )
  const problem = 'this host is simulated: no balancer runs'
  const counters = NO_COUNTERS
  return { balancerId, isRunning: true, isSimulated: true, problem, targets, counters }
}
