/**
 * What Elastic Load Balancing keeps: balancers, their listeners with rules, and target groups. Attributes are kept by
 * AWS's names, only those that were set; what the others are by default is in attributes.ts.
 */
import type { NetworkInterfaceId, SecurityGroupId, SubnetId, VpcId } from '../ids.ts'
import type { ResourceBase } from '../resource.ts'

export type BalancerType = 'application' | 'network'
export type ListenerProtocol = 'HTTP' | 'HTTPS' | 'TCP' | 'TLS'
export type GroupProtocol = ListenerProtocol
export type Attributes = Readonly<Record<string, string>>

/** One zone of a balancer: where it has an interface. */
export interface BalancerZone {
  subnetId: SubnetId
  zone: string
  interfaceId: NetworkInterfaceId
  /** Of a network balancer with a static address. */
  allocationId: string | null
}

export interface LoadBalancer extends ResourceBase<string> {
  type: BalancerType
  name: string
  scheme: 'internet-facing' | 'internal'
  vpcId: VpcId
  /** The host whose process it is. */
  hostId: string
  zones: readonly BalancerZone[]
  groupIds: readonly SecurityGroupId[]
  attributes: Attributes
  /** Digits of its DNS name. */
  label: string
  /** When its process first answered; null: not yet. */
  activeAt: number | null
  /** What the create asked for, so that the same request is answered the same. */
  requestHash: string
}

export interface Listener extends ResourceBase<string> {
  balancerId: string
  port: number
  protocol: ListenerProtocol
  /** ARNs of IAM server certificates, the default first. */
  certificates: readonly string[]
  tlsPolicy: string | null
  alpn: string | null
  defaultRuleId: string
  action: ListenerAction
  attributes: Attributes
}

export interface ListenerRule extends ResourceBase<string> {
  balancerId: string
  listenerId: string
  priority: number
  conditions: readonly RuleCondition[]
  action: ListenerAction
}

export type ListenerAction =
  | {
      type: 'forward'
      groups: readonly { groupId: string; weight: number }[]
      /** Clients stay with the group they came to. */
      stickySeconds: number | null
      /** What was said of it while it is off. */
      restingSeconds: number | null
    }
  | {
      type: 'redirect'
      protocol: string
      host: string
      port: string
      path: string
      query: string
      status: 301 | 302
    }
  | { type: 'fixed-response'; status: number; contentType: string | null; body: string | null }

export type RuleCondition =
  | { field: 'host-header' | 'path-pattern' | 'http-request-method'; values: readonly string[] }
  | { field: 'source-ip'; values: readonly string[] }
  | { field: 'http-header'; name: string; values: readonly string[] }
  | { field: 'query-string'; values: readonly { key: string | null; value: string }[] }

export interface HealthCheck {
  isEnabled: boolean
  protocol: 'HTTP' | 'HTTPS' | 'TCP'
  /** null: each target's own. */
  port: number | null
  path: string | null
  intervalSeconds: number
  timeoutSeconds: number
  healthyCount: number
  unhealthyCount: number
  /** `200,202` or `200-299`; null: of a TCP check. */
  matcher: string | null
}

export interface TargetGroup extends ResourceBase<string> {
  name: string
  protocol: GroupProtocol
  /** `HTTP1` or `HTTP2`; null: not of this protocol. */
  protocolVersion: 'HTTP1' | 'HTTP2' | null
  port: number
  vpcId: VpcId
  targetType: 'instance' | 'ip'
  check: HealthCheck
  attributes: Attributes
  targets: readonly Target[]
  /** The balancer that forwards to it, by a listener or a rule. */
  balancerId: string | null
  requestHash: string
}

export interface Target {
  /** An instance's id or an address. */
  id: string
  port: number
  /** As it was given: of an address outside the VPC, or `all`. */
  zone: string | null
  registeredAt: number
  /** Since when it takes nothing new; null: it is in service. */
  drainingSince: number | null
}

/** Which groups an action forwards to. */
export function groupsOf(action: ListenerAction): string[] {
  return action.type === 'forward' ? action.groups.map(({ groupId }) => groupId) : []
}

export const isHttp = (protocol: string): boolean => protocol === 'HTTP' || protocol === 'HTTPS'
export const isSecure = (protocol: string): boolean => protocol === 'HTTPS' || protocol === 'TLS'
