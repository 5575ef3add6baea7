/**
 * Plan → nftables text, for a VPC's namespace and for the host. Pure; snapshot-tested.
 *
 * In the namespace: `netdev brume` guards each TAP as the first thing that sees a frame (own MAC, own addresses,
 * nothing but ARP and IP, no DHCP server); `inet brume` judges what is forwarded. A packet between two guests
 * passes `egress` (its sender's groups) and then `ingress` (its receiver's), two base chains that both drop by default.
 * On the host: what comes out of a VPC may go to the uplink or to another VPC's public address, never to the host.
 */
import type { GroupRulePlan, InterfacePlan, VpcNetworkPlan } from '../../domain/network-plan.ts'
import { ofFamily4, ofFamily6 } from '../../domain/net/blocks.ts'
import { ENDPOINT_PORTS, tapNameOf } from '../../domain/network-plan.ts'
import {
  API_ADDRESS,
  API_PORT,
  DNS_LINK_ADDRESS,
  LINK_CIDR,
  LINK_HOST_PREFIX,
  LINK_LOCAL_CIDR,
  LINK_TAP_PREFIX,
  LINK_UPLINK,
  METADATA_ADDRESS,
  NTP_ADDRESS,
  resolverAddressOf,
  TABLE,
} from '../names.ts'
import { aclChains } from './acls.ts'
import { hasIpv6 } from './families.ts'
import {
  guard6Rules,
  host6Rules,
  input6Rules,
  quietChain,
  SERVICES_6,
  type HostPlan6,
} from './ipv6.ts'
import { liveIpv6, livePublicMappings } from './links.ts'
import { passRules, rateChains } from './rates.ts'
import { natAcceptRules, natChains, routeChains } from './routes.ts'
import type { Queueing } from './shaping.ts'
import { peerInRules, peerOutRules, privateNatRules } from './tables.ts'
import { chain, elements } from './text.ts'
import { groupChainOf, groupRules, memberSetOf, OPEN_MARK, openProtocols } from './rules.ts'
import type { Direction } from './rules.ts'

/** Puts `body` in the table's place, whatever was there, in the one transaction of an `nft -f`. */
function replaceTable(family: 'inet' | 'netdev', body: readonly string[]): string {
  const head = `table ${family} ${TABLE}`
  return [head, `delete ${head}`, `${head} {`, ...body.map((line) => `  ${line}`), '}', ''].join(
    '\n',
  )
}

export function removeTable(): string {
  return `table inet ${TABLE}\ndelete table inet ${TABLE}\n`
}

/** Only live interfaces have a TAP, and a chain cannot hook a device that is not there. */
function liveInterfaces(plan: VpcNetworkPlan): InterfacePlan[] {
  return plan.interfaces.filter((nic) => nic.isLive)
}

/** The guard of each TAP: what a guest may not even say. Rendered apart: rule changes do not touch it. */
export function renderGuard(plan: VpcNetworkPlan, queueing: Queueing): string {
  const subnets6 = new Set(
    hasIpv6(plan) ? plan.subnets.filter((one) => one.cidr6).map((one) => one.subnetId) : [],
  )
  return replaceTable(
    'netdev',
    liveInterfaces(plan).flatMap((nic) => guardChain(nic, subnets6.has(nic.subnetId), queueing)),
  )
}

function guardChain(nic: InterfacePlan, has6: boolean, queueing: Queueing): string[] {
  const tap = tapNameOf(nic.interfaceId)
  const own = nic.privateAddresses
  return chain(tap, [
    `type filter hook ingress device "${tap}" priority -500; policy drop;`,
    `ether saddr != ${nic.mac} drop`,
    // 0.0.0.0 is how a guest asks whether its address is free (RFC 5227).
    `arp saddr ether ${nic.mac} arp saddr ip ${elements(['0.0.0.0', ...own])} accept`,
    // A DHCP client may ask for itself only; DHCP answers come from us only.
    `ip saddr ${elements(['0.0.0.0', ...own])} udp sport 68 udp dport 67 @th,288,48 0x${nic.mac.replaceAll(':', '')} accept`,
    'udp dport { 67, 68 } drop',
    ...(nic.isSourceDestChecked
      ? passRules(nic, `ip saddr ${elements(own)}`, queueing)
      : [
          `ip saddr { 0.0.0.0/8, 127.0.0.0/8, ${LINK_LOCAL_CIDR}, 224.0.0.0/3 } drop`,
          ...passRules(nic, 'meta protocol ip', queueing),
        ]),
    ...(has6 ? guard6Rules(nic, queueing) : []),
  ])
}

/** Everything about forwarding, the services and the addresses of one VPC. */
export function renderFilter(plan: VpcNetworkPlan, queueing: Queueing): string {
  const nics = liveInterfaces(plan)
  return replaceTable('inet', [
    ...plan.groups.flatMap((group) => memberSets(plan, group.groupId, group.memberAddresses)),
    ...unknownGroupSets(plan),
    ...groupChains(plan, [...nics, ...endpointNics(plan)]),
    ...nics.flatMap((nic) => interfaceChains(plan, nic)),
    ...endpointChains(plan, nics),
    ...rateChains(nics, queueing),
    ...routeChains(plan, nics),
    ...aclChains(plan, nics),
    ...baseChains(plan, nics),
    ...addressChains(plan, nics),
    ...metadataChain(nics),
    ...(hasIpv6(plan) ? quietChain() : []),
  ])
}

function memberSets(plan: VpcNetworkPlan, name: string, addresses: readonly string[]): string[] {
  const sets = addressSet(memberSetOf(name, false), 'ipv4_addr', ofFamily4(addresses))
  if (!hasIpv6(plan)) return sets
  return [...sets, ...addressSet(memberSetOf(name, true), 'ipv6_addr', ofFamily6(addresses))]
}

function addressSet(
  name: string,
  type: 'ipv4_addr' | 'ipv6_addr',
  addresses: readonly string[],
): string[] {
  const lines = [`set ${name} {`, `  type ${type}`]
  if (addresses.length > 0) lines.push(`  elements = ${elements([...new Set(addresses)])}`)
  return [...lines, '}']
}

/** A rule may name a group of a peered VPC, or one that is gone and matches nobody. */
function unknownGroupSets(plan: VpcNetworkPlan): string[] {
  const known = new Set<string>(plan.groups.map((group) => group.groupId))
  const named = plan.groups
    .flatMap((group) => [...group.ingress, ...group.egress])
    .flatMap((rule) => (rule.peer.type === 'group' ? [rule.peer.groupId as string] : []))
  const unknown = new Set(named.filter((groupId) => !known.has(groupId)))
  const foreign = new Map(
    (plan.peers ?? []).flatMap(({ groups }) =>
      groups.map((group) => [group.groupId as string, group.memberAddresses] as const),
    ),
  )
  return [...unknown].flatMap((groupId) => memberSets(plan, groupId, foreign.get(groupId) ?? []))
}

/** What groups guard: guests' interfaces and those of endpoints. */
type Grouped = Pick<InterfacePlan, 'interfaceId' | 'groupIds' | 'isUngrouped'>

const endpointNics = (plan: VpcNetworkPlan): readonly Grouped[] => plan.endpoints ?? []

/**
 * Endpoints are in the namespace itself, so packets to them are not forwarded: the sender's groups are asked before,
 * the endpoint's own where the namespace takes packets in.
 */
function endpointChains(plan: VpcNetworkPlan, nics: readonly InterfacePlan[]): string[] {
  const endpoints = plan.endpoints ?? []
  if (endpoints.length === 0 || nics.length === 0) return []
  const senders = nics
    .map((nic) => tapNameOf(nic.interfaceId))
    .map((tap) => `"${tap}" : jump ${tap}-out`)
  return [
    ...endpoints.flatMap((endpoint) => interfaceChains(plan, endpoint)),
    ...chain('endpoints', [
      'type filter hook input priority -5; policy accept;',
      ...(hasIpv6(plan) ? ['meta nfproto ipv6 accept'] : []),
      `ip daddr != ${elements(endpoints.map(({ address }) => address))} accept`,
      'ct state established accept',
      `iifname vmap ${elements(senders)}`,
      'drop',
    ]),
  ]
}

function endpointRules(plan: VpcNetworkPlan, isFromTap: string): string[] {
  const endpoints = plan.endpoints ?? []
  if (endpoints.length === 0 || liveInterfaces(plan).length === 0) return []
  const ports = elements(Object.values(ENDPOINT_PORTS).map(String))
  const judged = endpoints.map(
    ({ address, interfaceId }) => `${address} : jump ${tapNameOf(interfaceId)}-in`,
  )
  return [`${isFromTap} tcp dport ${ports} ip daddr vmap ${elements(judged)}`]
}

function rulesOf(plan: VpcNetworkPlan, nic: Grouped, direction: Direction): GroupRulePlan[] {
  return plan.groups
    .filter((group) => nic.groupIds.includes(group.groupId))
    .flatMap((group) => (direction === 'in' ? [...group.ingress] : [...group.egress]))
}

/** The group chains one interface jumps through, in the plan's order. */
function groupsOf(plan: VpcNetworkPlan, nic: Grouped, direction: Direction) {
  const open = openProtocols(rulesOf(plan, nic, direction === 'in' ? 'out' : 'in'), hasIpv6(plan))
  return plan.groups
    .filter((group) => nic.groupIds.includes(group.groupId))
    .map((group) => ({ name: groupChainOf(group, direction, open), group, direction, open }))
}

function groupChains(plan: VpcNetworkPlan, nics: readonly Grouped[]): string[] {
  const chains = new Map<string, string[]>()
  for (const nic of nics) {
    for (const { name, group, direction, open } of [
      ...groupsOf(plan, nic, 'out'),
      ...groupsOf(plan, nic, 'in'),
    ]) {
      const rules = direction === 'in' ? group.ingress : group.egress
      if (chains.has(name)) continue
      chains.set(name, chain(name, groupRules(rules, direction, open, hasIpv6(plan))))
    }
  }
  return [...chains.values()].flat()
}

function interfaceChains(plan: VpcNetworkPlan, nic: Grouped): string[] {
  const tap = tapNameOf(nic.interfaceId)
  return (['out', 'in'] as const).flatMap((direction) =>
    chain(
      `${tap}-${direction}`,
      nic.isUngrouped
        ? ['accept']
        : groupsOf(plan, nic, direction).map(({ name }) => `jump ${name}`),
    ),
  )
}

function baseChains(plan: VpcNetworkPlan, nics: readonly InterfacePlan[]): string[] {
  const map = (direction: Direction): string =>
    elements(
      nics.map((nic) => tapNameOf(nic.interfaceId)).map((t) => `"${t}" : jump ${t}-${direction}`),
    )
  const isFromTap = `iifname "${LINK_TAP_PREFIX}*"`
  const dns = elements([DNS_LINK_ADDRESS, resolverAddressOf(plan)])
  const has6 = hasIpv6(plan)
  return [
    ...chain('egress', [
      'type filter hook forward priority 0; policy drop;',
      // Platform addresses and multicast are never routed.
      `ip daddr { ${LINK_LOCAL_CIDR}, 224.0.0.0/3 } drop`,
      ...(has6 ? [`ip6 daddr ${SERVICES_6} drop`] : []),
      ...establishedRules('out'),
      // From outside: only to a public address of ours (the address chains translated it).
      `iifname "${LINK_UPLINK}" ct status dnat accept`,
      ...(has6 ? [`iifname "${LINK_UPLINK}" ip6 daddr @internet6 accept`] : []),
      ...peerInRules(plan),
      ...(nics.length > 0 ? [`iifname vmap ${map('out')}`] : []),
    ]),
    ...chain('ingress', [
      'type filter hook forward priority 10; policy drop;',
      ...establishedRules('in'),
      // To the internet: only what has a public address and a route to it.
      `oifname "${LINK_UPLINK}" ip saddr @internet accept`,
      ...(has6 ? [`oifname "${LINK_UPLINK}" ip6 saddr @leaving6 accept`] : []),
      ...natAcceptRules(plan, nics),
      ...peerOutRules(plan),
      ...(nics.length > 0 ? [`oifname vmap ${map('in')}`] : []),
    ]),
    ...chain('input', [
      'type filter hook input priority 0; policy drop;',
      'ct state vmap { established : accept, related : accept, invalid : drop }',
      'iifname "lo" accept',
      `${isFromTap} udp sport 68 udp dport 67 accept`,
      `${isFromTap} ip daddr ${METADATA_ADDRESS} tcp dport 80 accept`,
      `${isFromTap} ip daddr ${API_ADDRESS} tcp dport ${API_PORT} accept`,
      `${isFromTap} ip daddr ${NTP_ADDRESS} udp dport 123 accept`,
      ...endpointRules(plan, isFromTap),
      ...(has6 ? input6Rules(isFromTap, plan.dns.isServed) : []),
      ...(plan.dns.isServed
        ? [`${isFromTap} ip daddr ${dns} meta l4proto { tcp, udp } th dport 53 accept`]
        : []),
    ]),
  ]
}

/** Replies always pass; tracked flows live on without their rule, open ones are judged again (see rules.ts). */
function establishedRules(direction: Direction): string[] {
  return [
    'ct state invalid drop',
    'ct state related accept',
    'ct direction reply accept',
    `ct state established ct mark and ${OPEN_MARK[direction]} == 0 accept`,
  ]
}

/**
 * Public addresses are translated where a packet crosses the uplink and nowhere else: a guest that calls a public
 * address of its own VPC goes out and comes back, so rules see public addresses as on AWS.
 */
function addressChains(plan: VpcNetworkPlan, nics: readonly InterfacePlan[]): string[] {
  const mappings = livePublicMappings(plan)
  const live6 = liveIpv6(plan)
  const sources = [
    ...addressSet(
      'internet',
      'ipv4_addr',
      mappings.map((m) => m.privateAddress),
    ),
    ...(hasIpv6(plan)
      ? [
          ...addressSet('internet6', 'ipv6_addr', live6.in),
          ...addressSet('leaving6', 'ipv6_addr', live6.out),
        ]
      : []),
  ]
  const nat = natChains(plan, nics)
  const inner = privateNatRules(plan)
  if (mappings.length === 0 && nat.jumps.length === 0 && inner.length === 0) return sources
  const toPrivate = mappings.map((m) => `${m.publicAddress} : ${m.privateAddress}`)
  const toPublic = mappings.map((m) => `${m.privateAddress} : ${m.publicAddress}`)
  const uplink = `"${LINK_UPLINK}"`
  const isMapped = mappings.length > 0
  return [
    ...sources,
    ...nat.chains,
    ...(isMapped
      ? chain('public-in', [
          'type nat hook prerouting priority -100; policy accept;',
          `iifname ${uplink} dnat ip to ip daddr map ${elements(toPrivate)}`,
        ])
      : []),
    ...chain('public-out', [
      'type nat hook postrouting priority 100; policy accept;',
      ...nat.jumps,
      ...inner,
      ...(isMapped ? [`oifname ${uplink} snat ip to ip saddr map ${elements(toPublic)}`] : []),
    ]),
  ]
}

/** `HttpPutResponseHopLimit`: how many routers inside the guest (containers) a metadata answer may cross. */
function metadataChain(nics: readonly InterfacePlan[]): string[] {
  if (nics.length === 0) return []
  return chain('metadata', [
    'type filter hook postrouting priority 0; policy accept;',
    ...nics.map(
      (nic) =>
        `ip saddr ${METADATA_ADDRESS} oifname "${tapNameOf(nic.interfaceId)}" ip ttl set ${nic.metadata.hopLimit}`,
    ),
  ])
}

export interface HostPlan {
  publicPool: string
  /** Name of the interface that leads to the internet, or null. */
  uplink: string | null
  /** Whether the host forwarded before us (`ip_forward`); if not, we forward for our links only. */
  isForwarding: boolean
  /** The host's resolvers, which may be one of its own addresses. */
  resolvers: readonly string[]
  /** Absent: no VPC here has IPv6. */
  ipv6?: HostPlan6
}

export function renderHost(host: HostPlan): string {
  const ours = `"${LINK_HOST_PREFIX}*"`
  const six = host6Rules(host.ipv6, ours)
  const uplink = host.uplink === null ? null : `"${host.uplink}"`
  const resolvers = host.resolvers.length > 0 ? elements(host.resolvers) : null
  return replaceTable('inet', [
    ...chain('input', [
      'type filter hook input priority 0; policy accept;',
      `iifname ${ours} ct state vmap { established : accept, related : accept }`,
      ...six.input,
      ...(resolvers
        ? [
            `iifname ${ours} ip saddr ${LINK_CIDR} ip daddr ${resolvers} meta l4proto { tcp, udp } th dport 53 accept`,
          ]
        : []),
      `iifname ${ours} drop`,
    ]),
    ...chain('forward', [
      'type filter hook forward priority 0; policy accept;',
      `iifname ${ours} oifname ${ours} ip daddr ${host.publicPool} accept`,
      ...(uplink ? [`iifname ${ours} oifname ${uplink} accept`] : []),
      ...six.out,
      `iifname ${ours} oifname != ${ours} ct state vmap { established : accept, related : accept }`,
      `iifname ${ours} drop`,
      `oifname ${ours} ip daddr ${host.publicPool} accept`,
      ...six.in,
      `oifname ${ours} ct state vmap { established : accept, related : accept }`,
      `oifname ${ours} drop`,
      ...(uplink && !host.isForwarding ? [`iifname ${uplink} drop`] : []),
      ...six.others,
    ]),
    ...(uplink || six.masquerade.length > 0
      ? chain('internet-out', [
          'type nat hook postrouting priority 100; policy accept;',
          ...(uplink
            ? [`oifname ${uplink} ip saddr { ${host.publicPool}, ${LINK_CIDR} } masquerade`]
            : []),
          ...six.masquerade,
        ])
      : []),
  ])
}
