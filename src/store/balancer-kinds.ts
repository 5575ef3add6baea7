/** How load balancers and what belongs to them are looked up, and what is unique about them. */
import { groupsOf, type Listener, type ListenerRule } from '../domain/balancers/records.ts'
import type { LoadBalancer, TargetGroup } from '../domain/balancers/records.ts'
import type { KindRules, Reference } from './kind-rules.ts'

interface BalancerKinds {
  loadBalancer: KindRules<LoadBalancer>
  listener: KindRules<Listener>
  listenerRule: KindRules<ListenerRule>
  targetGroup: KindRules<TargetGroup>
}

const ref = (name: string, value: string | null): Reference[] => (value ? [{ name, value }] : [])

export const BALANCER_KINDS: BalancerKinds = {
  loadBalancer: {
    references: (r) => [...ref('host', r.hostId), ...ref('vpc', r.vpcId)],
    claims: (r) => [{ scope: `load-balancer:${r.account}:${r.region}`, name: r.name }],
  },
  listener: {
    references: (r) => [
      ...ref('balancer', r.balancerId),
      ...[...new Set(r.certificates)].flatMap((arn) => ref('certificate', arn)),
    ],
    claims: (r) => [{ scope: `listener:${r.balancerId}`, name: String(r.port) }],
  },
  listenerRule: {
    references: (r) => [
      ...ref('balancer', r.balancerId),
      ...ref('listener', r.listenerId),
      ...groupsOf(r.action).flatMap((id) => ref('targetGroup', id)),
    ],
    claims: (r) => [{ scope: `listener-rule:${r.listenerId}`, name: String(r.priority) }],
  },
  targetGroup: {
    references: (r) => [...ref('balancer', r.balancerId), ...ref('vpc', r.vpcId)],
    claims: (r) => [{ scope: `target-group:${r.account}:${r.region}`, name: r.name }],
  },
}
