/** Small plans of balancers for tests. */
import type {
  BalancerPlan,
  GroupPlan,
  ListenerPlan,
  RulePlan,
  TargetPlan,
} from '../../../src/domain/balancers/plan.ts'
import type { HealthCheck, ListenerAction } from '../../../src/domain/balancers/records.ts'
import type { NetworkInterfaceId, VpcId } from '../../../src/domain/ids.ts'

const BALANCER = '00000000000000aa'
export const groupIdOf = (n: number): string => n.toString(16).padStart(16, '0')

const CHECK: HealthCheck = {
  isEnabled: true,
  protocol: 'HTTP',
  port: null,
  path: '/health',
  intervalSeconds: 1,
  timeoutSeconds: 1,
  healthyCount: 2,
  unhealthyCount: 2,
  matcher: '200',
}

export function target(name: string, address: string, more: Partial<TargetPlan> = {}): TargetPlan {
  const base = { serverName: name, targetId: address, address, port: 80 }
  return { ...base, zone: null, instanceId: null, ...more }
}

export function group(
  n: number,
  targets: readonly TargetPlan[],
  more: Partial<GroupPlan> = {},
  check: Partial<HealthCheck> = {},
): GroupPlan {
  return {
    groupId: groupIdOf(n),
    protocol: 'HTTP',
    isHttp2: false,
    algorithm: 'roundrobin',
    stickiness: null,
    slowStartSeconds: 0,
    hasProxyProtocol: false,
    endsUnhealthy: false,
    check: { ...CHECK, ...check },
    targets,
    draining: [],
    ...more,
  }
}

export const forward = (...groups: [number, number?][]): ListenerAction => ({
  type: 'forward',
  groups: groups.map(([n, weight = 1]) => ({ groupId: groupIdOf(n), weight })),
  stickySeconds: null,
  restingSeconds: null,
})

export function listener(
  port: number,
  rules: readonly RulePlan[],
  more: Partial<ListenerPlan> = {},
): ListenerPlan {
  const listenerId = port.toString(16).padStart(16, '0')
  return { listenerId, port, protocol: 'HTTP', tls: null, idleSeconds: 60, rules, ...more }
}

export function balancer(
  listeners: readonly ListenerPlan[],
  groups: readonly GroupPlan[],
  more: Partial<BalancerPlan> = {},
): BalancerPlan {
  const interfaceId = 'eni-00000000000000b00' as NetworkInterfaceId
  return {
    balancerId: BALANCER,
    vpcId: 'vpc-00000000000000001' as VpcId,
    type: 'application',
    nodes: [{ zone: 'us-east-1a', interfaceId, address: '172.31.0.20' }],
    isCrossZone: true,
    settings: {
      idleSeconds: 60,
      forwardedFor: 'append',
      hasClientPort: false,
      hasTlsHeaders: false,
      isHttp2: true,
      dropsInvalidHeaders: false,
    },
    listeners,
    groups,
    certificates: [],
    ...more,
  }
}
