/**
 * The whole intended balancer as its host runs it: pure data, made by the control plane from the records, rendered and
 * run by src/balancing. Stating the same plan twice changes nothing.
 */
import type { NetworkInterfaceId, VpcId } from '../ids.ts'
import type { BalancerType, GroupProtocol, HealthCheck, ListenerProtocol } from './records.ts'
import type { ListenerAction, RuleCondition } from './records.ts'

export interface BalancerPlan {
  balancerId: string
  vpcId: VpcId
  type: BalancerType
  nodes: readonly NodePlan[]
  /** Not: each node sends to targets of its own zone only. */
  isCrossZone: boolean
  settings: BalancerSettings
  listeners: readonly ListenerPlan[]
  groups: readonly GroupPlan[]
  /** With their private keys: the host keeps them in memory only. */
  certificates: readonly CertificatePlan[]
}

export interface NodePlan {
  zone: string
  interfaceId: NetworkInterfaceId
  address: string
}

export interface BalancerSettings {
  idleSeconds: number
  forwardedFor: 'append' | 'preserve' | 'remove'
  hasClientPort: boolean
  /** Targets are told version and cipher. */
  hasTlsHeaders: boolean
  isHttp2: boolean
  dropsInvalidHeaders: boolean
}

export interface CertificatePlan {
  /** Of the characters of file names only. */
  id: string
  pem: string
}

export interface TlsPlan {
  /** The default first; names of the others are in the certificates. */
  certificateIds: readonly string[]
  versionMin: string
  versionMax: string
  ciphers: string
  ciphersuites: string
  alpn: readonly string[]
}

export interface ListenerPlan {
  listenerId: string
  port: number
  protocol: ListenerProtocol
  tls: TlsPlan | null
  /** Of TCP and TLS. */
  idleSeconds: number
  /** The first that matches decides; the last has no conditions. */
  rules: readonly RulePlan[]
}

export interface RulePlan {
  conditions: readonly RuleCondition[]
  action: ListenerAction
}

export interface GroupPlan {
  groupId: string
  protocol: GroupProtocol
  isHttp2: boolean
  algorithm: 'roundrobin' | 'leastconn' | 'random'
  stickiness:
    | { type: 'lb_cookie'; seconds: number }
    | { type: 'app_cookie'; cookie: string; seconds: number }
    | { type: 'source_ip' }
    | null
  slowStartSeconds: number
  hasProxyProtocol: boolean
  /** Connections with a target end when it fails its checks. */
  endsUnhealthy: boolean
  check: HealthCheck
  /** Those in service. */
  targets: readonly TargetPlan[]
  /** Those that take nothing new, and whether their connections end with the time they are given. */
  draining: readonly { serverName: string; endsConnections: boolean }[]
}

export interface TargetPlan {
  /** Of the characters of names only; tells the client nothing of the target. */
  serverName: string
  targetId: string
  address: string
  port: number
  /** null: every node may send to it. */
  zone: string | null
  instanceId: string | null
}

/** What a host saw of a balancer. */
export interface BalancerStatus {
  balancerId: string
  isRunning: boolean
  /** Why it is not as it should be, for an operator. */
  problem: string | null
  isSimulated?: boolean
  targets: readonly TargetStatus[]
  counters: BalancerCounters | null
}

export type TargetVerdict = 'initial' | 'healthy' | 'unhealthy'

export interface TargetStatus {
  groupId: string
  serverName: string
  verdict: TargetVerdict
  /** Why it is unhealthy. */
  reason: 'timeout' | 'code' | 'failed' | null
  /** The status it answered the last check with. */
  code: number | null
}

/** Since the host first looked; they only grow, also over restarts of the process. */
export interface BalancerCounters {
  connections: number
  activeConnections: number
  requests: number
  bytes: number
  rejected: number
  /** Answers to clients by their first digit, 2 to 5, whoever made them. */
  answers: Readonly<Record<string, number>>
  groups: readonly GroupCounters[]
}

export interface GroupCounters {
  groupId: string
  requests: number
  connectionErrors: number
  answers: Readonly<Record<string, number>>
  /** Seconds until targets answered, of late; null: none did. */
  responseSeconds: number | null
}

export const NO_COUNTERS: BalancerCounters = {
  connections: 0,
  activeConnections: 0,
  requests: 0,
  bytes: 0,
  rejected: 0,
  answers: {},
  groups: [],
}

/** The balancer's own network namespace, with an interface in each of its subnets. */
export const balancerNamespace = (balancerId: string): string => `brume-elb-${balancerId}`
