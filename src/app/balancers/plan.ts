/**
 * From the records to what a host runs: for every balancer of a host, its whole plan. Target groups are in it as far as
 * a listener or a rule names them; targets as far as they have an address.
 */
import { createHash } from 'node:crypto'
import {
  attributeOf,
  BALANCER_ATTRIBUTES,
  groupAttributeTable,
  listenerAttributeTable,
} from '../../domain/balancers/attributes.ts'
import type {
  BalancerPlan,
  BalancerSettings,
  CertificatePlan,
  GroupPlan,
  ListenerPlan,
  NodePlan,
  TargetPlan,
} from '../../domain/balancers/plan.ts'
import {
  isSecure,
  type Listener,
  type ListenerRule,
  type LoadBalancer,
  type Target,
  type TargetGroup,
} from '../../domain/balancers/records.ts'
import { tlsPolicy, tlsWords } from '../../domain/balancers/tls-policies.ts'
import type { NetworkInterface } from '../../domain/network.ts'
import type { StoreReader } from '../../store/store.ts'
import type { App } from '../context.ts'
import { certificatePlan } from './certificates.ts'
import { alpnOf } from './listeners.ts'

export async function balancerPlans(app: App, hostId: string): Promise<BalancerPlan[]> {
  const reference = { name: 'host', value: hostId }
  const balancers = await app.store.list('loadBalancer', { reference })
  return await Promise.all(balancers.map((balancer) => planOf(app, balancer)))
}

async function planOf(app: App, balancer: LoadBalancer): Promise<BalancerPlan> {
  const { store } = app
  const reference = { name: 'balancer', value: balancer.id }
  const [listeners, rules, groups, interfaces] = await Promise.all([
    store.list('listener', { reference }),
    store.list('listenerRule', { reference }),
    store.list('targetGroup', { reference }),
    store.list('networkInterface', { ids: balancer.zones.map(({ interfaceId }) => interfaceId) }),
  ])
  const certificates = new Map<string, CertificatePlan>()
  for (const arn of new Set(listeners.flatMap((one) => one.certificates))) {
    const plan = await certificatePlan(app, balancer.account, arn)
    if (plan) certificates.set(arn, plan)
    else app.log.warn({ balancer: balancer.id, certificate: arn }, 'a certificate cannot be used')
  }
  const byId = new Map(interfaces.map((one) => [one.id as string, one]))
  const nodes = balancer.zones.flatMap(({ zone, interfaceId }): NodePlan[] => {
    const address = byId.get(interfaceId)?.privateAddresses[0]
    return address === undefined ? [] : [{ zone, interfaceId, address }]
  })
  const set = (name: string): string =>
    attributeOf(BALANCER_ATTRIBUTES[balancer.type], balancer.attributes, name)
  return {
    balancerId: balancer.id,
    vpcId: balancer.vpcId,
    type: balancer.type,
    nodes,
    isCrossZone: set('load_balancing.cross_zone.enabled') === 'true',
    settings: settingsOf(set),
    listeners: listeners.flatMap((one) => listenerPlan(one, rules, certificates)),
    groups: await Promise.all(groups.map((group) => groupPlan(store, group))),
    certificates: [...certificates.values()],
  }
}

function settingsOf(set: (name: string) => string): BalancerSettings {
  const isOn = (name: string): boolean => set(name) === 'true'
  return {
    idleSeconds: Number(set('idle_timeout.timeout_seconds') || 350),
    forwardedFor: (set('routing.http.xff_header_processing.mode') ||
      'append') as BalancerSettings['forwardedFor'],
    hasClientPort: isOn('routing.http.xff_client_port.enabled'),
    hasTlsHeaders: isOn('routing.http.x_amzn_tls_version_and_cipher_suite.enabled'),
    isHttp2: set('routing.http2.enabled') !== 'false',
    dropsInvalidHeaders: isOn('routing.http.drop_invalid_header_fields.enabled'),
  }
}

/** Without its certificate it does not listen: nobody is told a wrong name. */
function listenerPlan(
  listener: Listener,
  all: readonly ListenerRule[],
  certificates: ReadonlyMap<string, CertificatePlan>,
): ListenerPlan[] {
  const rules = all
    .filter(({ listenerId }) => listenerId === listener.id)
    .toSorted((a, b) => a.priority - b.priority)
    .map(({ conditions, action }) => ({ conditions, action }))
  const ids = listener.certificates.map((arn) => certificates.get(arn)?.id)
  if (isSecure(listener.protocol) && ids[0] === undefined) return []
  const table = listenerAttributeTable(listener.protocol)
  const idle = attributeOf(table, listener.attributes, 'tcp.idle_timeout.seconds')
  return [
    {
      listenerId: listener.id,
      port: listener.port,
      protocol: listener.protocol,
      tls: isSecure(listener.protocol) ? tlsPlan(listener, ids) : null,
      idleSeconds: Number(idle || 350),
      rules: [...rules, { conditions: [], action: listener.action }],
    },
  ]
}

function tlsPlan(listener: Listener, ids: readonly (string | undefined)[]): ListenerPlan['tls'] {
  const certificateIds = ids.filter((id) => id !== undefined)
  const alpn = listener.protocol === 'HTTPS' ? ['h2', 'http/1.1'] : alpnOf(listener.alpn)
  return { certificateIds, alpn, ...tlsWords(tlsPolicy(listener.tlsPolicy ?? '')!) }
}

const ALGORITHMS: Readonly<Record<string, GroupPlan['algorithm']>> = {
  round_robin: 'roundrobin',
  least_outstanding_requests: 'leastconn',
  weighted_random: 'random',
}

async function groupPlan(reader: StoreReader, group: TargetGroup): Promise<GroupPlan> {
  const table = groupAttributeTable(group.protocol)
  const set = (name: string): string => attributeOf(table, group.attributes, name)
  const ends = set('deregistration_delay.connection_termination.enabled') !== 'false'
  const draining = group.targets.filter(({ drainingSince }) => drainingSince !== null)
  const active = group.targets.filter(({ drainingSince }) => drainingSince === null)
  return {
    groupId: group.id,
    protocol: group.protocol,
    isHttp2: group.protocolVersion === 'HTTP2',
    algorithm: ALGORITHMS[set('load_balancing.algorithm.type')] ?? 'roundrobin',
    stickiness: stickinessOf(set),
    slowStartSeconds: Number(set('slow_start.duration_seconds') || 0),
    hasProxyProtocol: set('proxy_protocol_v2.enabled') === 'true',
    endsUnhealthy: set('target_health_state.unhealthy.connection_termination.enabled') === 'true',
    check: group.check,
    targets: await targetPlans(reader, group, active),
    draining: draining.map((target) => {
      return { serverName: serverNameOf(group, target), endsConnections: ends }
    }),
  }
}

function stickinessOf(set: (name: string) => string): GroupPlan['stickiness'] {
  if (set('stickiness.enabled') !== 'true') return null
  const type = set('stickiness.type')
  if (type === 'source_ip') return { type }
  const seconds = Number(set(`stickiness.${type}.duration_seconds`))
  if (type !== 'app_cookie') return { type: 'lb_cookie', seconds }
  return { type, seconds, cookie: set('stickiness.app_cookie.cookie_name') }
}

export function serverNameOf(
  group: TargetGroup,
  { id, port }: Pick<Target, 'id' | 'port'>,
): string {
  const text = `${group.id} ${id} ${port}`
  return `t${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
}

async function targetPlans(
  reader: StoreReader,
  group: TargetGroup,
  targets: readonly Target[],
): Promise<TargetPlan[]> {
  const places = await targetPlaces(reader, group, targets)
  return targets.flatMap((target): TargetPlan[] => {
    const place = places.get(target.id)
    if (!place) return []
    const serverName = serverNameOf(group, target)
    const { address, zone, instanceId } = place
    return [{ serverName, targetId: target.id, address, port: target.port, zone, instanceId }]
  })
}

export interface TargetPlace {
  address: string
  /** null: of no zone in particular. */
  zone: string | null
  instanceId: string | null
}

/** Where targets are: an instance at the first address of its first interface. */
export async function targetPlaces(
  reader: StoreReader,
  group: TargetGroup,
  targets: readonly Target[],
): Promise<Map<string, TargetPlace>> {
  const places = new Map<string, TargetPlace>()
  if (group.targetType === 'instance') {
    const instances = await reader.list('instance', { ids: targets.map(({ id }) => id) })
    const firsts = instances.flatMap(({ spec }) => spec.interfaceIds.slice(0, 1))
    const byId = await interfacesById(reader, firsts)
    for (const { id, spec } of instances) {
      const one = byId.get(spec.interfaceIds[0] ?? '')
      const address = one?.privateAddresses[0]
      if (one && address) places.set(id, { address, zone: one.zone, instanceId: id })
    }
    return places
  }
  for (const { id, zone } of targets) {
    const reference = { name: 'address', value: `${group.vpcId}/${id}` }
    const [one] = await reader.list('networkInterface', { reference })
    const instanceId = one?.attachment?.instanceId ?? null
    const own = zone === 'all' ? null : zone
    places.set(id, { address: id, zone: one?.zone ?? own, instanceId })
  }
  return places
}

async function interfacesById(
  reader: StoreReader,
  ids: readonly string[],
): Promise<Map<string, NetworkInterface>> {
  const found = ids.length > 0 ? await reader.list('networkInterface', { ids }) : []
  return new Map(found.map((one) => [one.id as string, one]))
}
