/**
 * Attributes of balancers, target groups and listeners: what each is by default and what it may be. One whose other
 * values would have no effect here takes its default only, and the refusal says so. Source: Elastic Load Balancing API
 * reference, LoadBalancerAttribute, TargetGroupAttribute, ListenerAttribute.
 */
import { isHttp, type Attributes, type BalancerType } from './records.ts'

type Check = (value: string) => string | null

export interface AttributeRule {
  default: string
  /** Why a value is not taken; null: it is. */
  check: Check
  /** Values that AWS takes and nothing here would act upon. */
  isFixed?: true
}

type Table = Readonly<Record<string, AttributeRule>>

const oneOf =
  (...words: string[]): Check =>
  (value) =>
    words.includes(value) ? null : `must be one of ${words.join(', ')}`
const between =
  (from: number, to: number, isZeroToo = false): Check =>
  (value) => {
    const number = /^\d{1,7}$/.test(value) ? Number(value) : -1
    const isGood = (number >= from && number <= to) || (isZeroToo && number === 0)
    return isGood ? null : `must be ${isZeroToo ? '0 or ' : ''}between ${from} and ${to}`
  }
const bool = (value: boolean): AttributeRule => ({
  default: String(value),
  check: oneOf('true', 'false'),
})
const number = (value: number, from: number, to: number, isZeroToo = false): AttributeRule => ({
  default: String(value),
  check: between(from, to, isZeroToo),
})
const words = (value: string, ...others: string[]): AttributeRule => ({
  default: value,
  check: oneOf(value, ...others),
})
const fixed = (value: string): AttributeRule => ({
  default: value,
  check: (given) => (given === value ? null : `only '${value}' is served here`),
  isFixed: true,
})

const OF_BOTH: Table = {
  'access_logs.s3.enabled': fixed('false'),
  'access_logs.s3.bucket': fixed(''),
  'access_logs.s3.prefix': fixed(''),
  'deletion_protection.enabled': bool(false),
  'ipv6.deny_all_igw_traffic': fixed('false'),
  'zonal_shift.config.enabled': fixed('false'),
}

export const BALANCER_ATTRIBUTES: Readonly<Record<BalancerType, Table>> = {
  application: {
    ...OF_BOTH,
    'client_keep_alive.seconds': fixed('3600'),
    'connection_logs.s3.enabled': fixed('false'),
    'connection_logs.s3.bucket': fixed(''),
    'connection_logs.s3.prefix': fixed(''),
    'idle_timeout.timeout_seconds': number(60, 1, 4000),
    'load_balancing.cross_zone.enabled': fixed('true'),
    'routing.http.desync_mitigation_mode': fixed('defensive'),
    'routing.http.drop_invalid_header_fields.enabled': bool(false),
    'routing.http.preserve_host_header.enabled': bool(false),
    'routing.http.x_amzn_tls_version_and_cipher_suite.enabled': bool(false),
    'routing.http.xff_client_port.enabled': bool(false),
    'routing.http.xff_header_processing.mode': words('append', 'preserve', 'remove'),
    'routing.http2.enabled': bool(true),
    'waf.fail_open.enabled': fixed('false'),
  },
  network: {
    ...OF_BOTH,
    'dns_record.client_routing_policy': fixed('any_availability_zone'),
    'load_balancing.cross_zone.enabled': bool(false),
  },
}

const OF_GROUPS: Table = {
  'deregistration_delay.timeout_seconds': number(300, 0, 3600),
  'load_balancing.cross_zone.enabled': fixed('use_load_balancer_configuration'),
  'stickiness.enabled': bool(false),
  'target_group_health.dns_failover.minimum_healthy_targets.count': fixed('1'),
  'target_group_health.dns_failover.minimum_healthy_targets.percentage': fixed('off'),
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.count': fixed('1'),
  'target_group_health.unhealthy_state_routing.minimum_healthy_targets.percentage': fixed('off'),
}

const COOKIE: AttributeRule = {
  default: '',
  check: (value) => {
    if (!/^[A-Za-z0-9_.-]{0,256}$/.test(value)) {
      return 'must be a cookie name of letters, digits, dots, hyphens and underscores'
    }
    return /^AWSALB(?:APP|TG)?/i.test(value) ? 'is reserved for the load balancer' : null
  },
}

const HTTP_GROUPS: Table = {
  ...OF_GROUPS,
  'load_balancing.algorithm.type': words(
    'round_robin',
    'least_outstanding_requests',
    'weighted_random',
  ),
  'load_balancing.algorithm.anomaly_mitigation': fixed('off'),
  'slow_start.duration_seconds': number(0, 30, 900, true),
  'stickiness.type': words('lb_cookie', 'app_cookie'),
  'stickiness.lb_cookie.duration_seconds': number(86_400, 1, 604_800),
  'stickiness.app_cookie.cookie_name': COOKIE,
  'stickiness.app_cookie.duration_seconds': number(86_400, 1, 604_800),
}

const TCP_GROUPS: Table = {
  ...OF_GROUPS,
  'deregistration_delay.connection_termination.enabled': bool(false),
  // What a target sees is the balancer; with the proxy protocol it is told of the client.
  'preserve_client_ip.enabled': fixed('false'),
  'proxy_protocol_v2.enabled': bool(false),
  'stickiness.type': words('source_ip'),
  'target_health_state.unhealthy.connection_termination.enabled': bool(true),
  'target_health_state.unhealthy.draining_interval_seconds': fixed('0'),
}

export const groupAttributeTable = (protocol: string): Table =>
  isHttp(protocol) ? HTTP_GROUPS : TCP_GROUPS

export const listenerAttributeTable = (protocol: string): Table =>
  isHttp(protocol) ? {} : { 'tcp.idle_timeout.seconds': number(350, 60, 6000) }

/** All of a table, each as it was set or as it is by default. */
export function attributesAll(table: Table, set: Attributes): [string, string][] {
  return Object.entries(table).map(([name, rule]) => [name, set[name] ?? rule.default])
}

/** One of a table. */
export function attributeOf(table: Table, set: Attributes, name: string): string {
  return set[name] ?? table[name]?.default ?? ''
}
