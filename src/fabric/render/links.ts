/**
 * Plan → the links, addresses and routes that should be there → the `ip -batch` lines that lead there from what is
 * there. Pure. The same difference serves the fast path (from what we last made) and convergence (from what the
 * kernel says), so a half-made or hand-broken network is repaired by the code that makes a new one.
 *
 * A guest's TAP is routed, not bridged: the subnet's gateway address sits on every TAP with the subnet's real mask
 * but no prefix route (dnsmasq needs the mask), the guest is a /32 behind it, and proxy ARP answers for everybody
 * else. Hence no broadcast domain, no bridge, and two guests never see each other's frames.
 */
import { block6Address, EVERYWHERE_6, hostBlock, isIpv6 } from '../../domain/net/blocks.ts'
import { balancerNamespace } from '../../domain/balancers/plan.ts'
import { cidrParse } from '../../domain/net/cidr.ts'
import { present } from '../../lib/assert.ts'
import { INTERFACE_MTU, spareTapNameOf, tapNameOf } from '../../domain/network-plan.ts'
import type { RoutePlan, SubnetPlan, VpcNetworkPlan } from '../../domain/network-plan.ts'
import {
  API_ADDRESS,
  DNS_ADDRESS_6,
  DNS_LINK_ADDRESS,
  hostAddress6Of,
  hostAddressOf,
  LINK_HOST_PREFIX,
  LINK_TAP_PREFIX,
  LINK_UPLINK,
  linkOf,
  LINK_PEER_PREFIX,
  METADATA_ADDRESS,
  NTP_ADDRESS,
  peerLinkOf,
  resolverAddressOf,
  ROUTE_PROTOCOL,
  ROUTER_ADDRESS_6,
} from '../names.ts'
import { hasIpv6 } from './families.ts'
import { isQueueLink, queueLinks } from './shaping.ts'
import type { Queueing } from './shaping.ts'
import { subnetTables } from './tables.ts'

/** Of what does not wait for a turn. */
const QUEUE_PACKETS = 256

export interface LinkState {
  /** `veth`: in the place of a TAP, towards a load balancer's namespace. */
  kind: 'tap' | 'veth' | 'queue' | 'other'
  isUp: boolean
  /** `address/prefix`, of both families; of link-local ones only ours. */
  addresses: readonly string[]
  /** The name under which it was made ahead. */
  spare?: string
  /** A user of the host, besides root. */
  owner?: number
  /** Where the other end of a veth is, under the same name. */
  peer?: string
}

/** One namespace's links and routes, as wanted or as found. */
export interface NetworkState {
  links: ReadonlyMap<string, LinkState>
  /** The arguments of `ip route add`, for example `10.0.0.5/32 dev t0abc` or `blackhole 10.0.0.0/16`. */
  routes: ReadonlySet<string>
  /** The arguments of `ip rule add`, all of the fabric's priority. */
  rules?: ReadonlySet<string>
}

/** What a VPC's namespace should hold; the veth pair comes from the host's state. */
export function wantedInNamespace(plan: VpcNetworkPlan, queueing: Queueing): NetworkState {
  const link = linkOf(plan.index)
  const gateways = new Map(
    plan.subnets.map((subnet) => [
      subnet.subnetId,
      `${subnet.gateway}/${cidrParse(subnet.cidr).prefix}`,
    ]),
  )
  const gateways6 = new Map(
    plan.subnets.flatMap(({ subnetId, cidr6 }) =>
      cidr6 ? [[subnetId, `${block6Address(cidr6, 1n)}/64`] as const] : [],
    ),
  )
  const has6 = hasIpv6(plan)
  const services = [METADATA_ADDRESS, NTP_ADDRESS, API_ADDRESS]
  if (plan.dns.isServed) services.push(DNS_LINK_ADDRESS, resolverAddressOf(plan))
  for (const { address } of plan.endpoints ?? []) services.push(address)
  if (has6 && plan.dns.isServed) services.push(DNS_ADDRESS_6)
  const links = new Map<string, LinkState>([
    ['lo', { kind: 'other', isUp: true, addresses: services.map(hostBlock) }],
    [
      LINK_UPLINK,
      {
        kind: 'other',
        isUp: true,
        addresses: [
          `${link.namespaceAddress}/31`,
          ...(has6 ? [`${link.namespaceAddress6}/64`] : []),
        ],
      },
    ],
  ])
  const routes = new Set([`default via ${link.hostAddress} dev ${LINK_UPLINK}`])
  if (has6) routes.add(`${EVERYWHERE_6} via ${link.hostAddress6} dev ${LINK_UPLINK}`)
  // A private address nobody holds now must not leave by the default route.
  for (const cidr of plan.cidrs) routes.add(`blackhole ${cidr}`)
  for (const nic of plan.interfaces) {
    if (!nic.isLive) continue
    const tap = tapNameOf(nic.interfaceId)
    const gateway = present(gateways.get(nic.subnetId), `subnet ${nic.subnetId} in the plan`)
    const gateway6 = has6 ? gateways6.get(nic.subnetId) : undefined
    const own6 = gateway6 ? [`${ROUTER_ADDRESS_6}/64`, gateway6] : []
    const spare = nic.hasSpareTap ? { spare: spareTapNameOf(nic.interfaceId) } : {}
    const owner = nic.tapOwner === undefined ? {} : { owner: nic.tapOwner }
    const addresses = [gateway, ...own6]
    const { balancerId } = nic
    if (balancerId === undefined)
      links.set(tap, { kind: 'tap', isUp: true, addresses, ...spare, ...owner })
    else
      links.set(tap, { kind: 'veth', isUp: true, addresses, peer: balancerNamespace(balancerId) })
    for (const address of nic.privateAddresses) routes.add(`${address}/32 dev ${tap}`)
    for (const address of gateway6 ? (nic.ipv6Addresses ?? []) : [])
      routes.add(`${address}/128 dev ${tap}`)
  }
  for (const name of queueLinks(plan.interfaces, queueing)) {
    links.set(name, { kind: 'queue', isUp: true, addresses: [] })
  }
  for (const { index } of plan.peers ?? []) {
    const addresses = [
      `${link.namespaceAddress}/32`,
      ...(has6 ? [`${link.namespaceAddress6}/64`] : []),
    ]
    links.set(peerLinkOf(index), { kind: 'other', isUp: true, addresses })
  }
  const tables = subnetTables(plan)
  for (const route of tables.routes) routes.add(route)
  return { links, routes, rules: new Set(tables.rules) }
}

export interface HostPools {
  publicPool: string
  ipv6Pool: string
}

/** What the host's own namespace should hold for all VPCs. */
export function wantedOnHost(plans: readonly VpcNetworkPlan[], pools: HostPools): NetworkState {
  const hostAddress = hostAddressOf(pools.publicPool)
  const hostAddress6 = hostAddress6Of(pools.ipv6Pool)
  const links = new Map<string, LinkState>()
  const routes = new Set<string>()
  // Beneath the live /32s: nothing for a dead public address ever leaves the host.
  if (plans.length > 0) routes.add(`blackhole ${pools.publicPool}`)
  if (plans.some(hasIpv6)) routes.add(`blackhole ${pools.ipv6Pool}`)
  for (const plan of plans) {
    const link = linkOf(plan.index)
    links.set(link.host, {
      kind: 'other',
      isUp: true,
      addresses: [
        `${link.hostAddress}/31`,
        `${hostAddress}/32`,
        ...(hasIpv6(plan) ? [`${link.hostAddress6}/64`, `${hostAddress6}/128`] : []),
      ],
    })
    for (const address of liveIpv6(plan).out) {
      const via = `via ${link.namespaceAddress6} dev ${link.host}`
      routes.add(`${address}/128 ${via} src ${hostAddress6}`)
    }
    for (const address of livePublicAddresses(plan)) {
      routes.add(`${address}/32 via ${link.namespaceAddress} dev ${link.host} src ${hostAddress}`)
    }
  }
  return { links, routes }
}

export interface PublicMapping {
  privateAddress: string
  publicAddress: string
}

/** 1:1 mappings in force: a running machine, in a subnet that leads to an internet gateway. */
export function livePublicMappings(plan: VpcNetworkPlan): PublicMapping[] {
  const isRouted = (subnet: SubnetPlan): boolean =>
    subnet.routes.some((route) => route.target.type === 'internet' && !isIpv6(route.cidr))
  const routed = new Set(plan.subnets.filter(isRouted).map((subnet) => subnet.subnetId))
  return plan.interfaces
    .filter((nic) => nic.isLive && routed.has(nic.subnetId))
    .flatMap((nic) => [...nic.publicAddresses])
}

/**
 * IPv6 addresses of running machines that the outside deals with: `in`, those that a route to the internet gateway
 * makes reachable; `out`, those that may leave, also by an egress-only gateway.
 */
export function liveIpv6(plan: VpcNetworkPlan): { in: string[]; out: string[] } {
  const leading = (...types: RoutePlan['target']['type'][]): string[] => {
    const subnets = plan.subnets.filter(({ routes }) =>
      routes.some(({ cidr, target }) => isIpv6(cidr) && types.includes(target.type)),
    )
    const ids = new Set(subnets.map((subnet) => subnet.subnetId))
    return plan.interfaces
      .filter((nic) => nic.isLive && ids.has(nic.subnetId))
      .flatMap((nic) => [...(nic.ipv6Addresses ?? [])])
  }
  return { in: leading('internet'), out: leading('internet', 'egressOnly') }
}

function livePublicAddresses(plan: VpcNetworkPlan): string[] {
  const mapped = livePublicMappings(plan).map((mapping) => mapping.publicAddress)
  return [...new Set([...mapped, ...liveNatAddresses(plan)])]
}

/** Public addresses of the NAT gateways that guests here leave by: answers come back to them. */
function liveNatAddresses(plan: VpcNetworkPlan): string[] {
  const live = new Set(plan.interfaces.filter((nic) => nic.isLive).map((nic) => nic.subnetId))
  return plan.subnets
    .filter((subnet) => live.has(subnet.subnetId))
    .flatMap(({ routes }) => routes.flatMap(({ target }) => natAddressOf(target)))
}

function natAddressOf(target: RoutePlan['target']): string[] {
  return target.type === 'nat' ? [...target.publicAddresses] : []
}

/** `ip -batch` lines that turn `found` into `wanted`; only links and routes that are ours are ever removed. */
export function linkChanges(wanted: NetworkState, found: NetworkState): string[] {
  const lines: string[] = []
  for (const rule of found.rules ?? []) if (!wanted.rules?.has(rule)) lines.push(`rule del ${rule}`)
  for (const route of found.routes) {
    // A route through a link that goes away goes with it.
    const device = / dev (\S+)/.exec(route)?.[1]
    if (!wanted.routes.has(route) && (!device || wanted.links.has(device))) {
      lines.push(`route del ${route} proto ${ROUTE_PROTOCOL}`)
    }
  }
  for (const [name, link] of found.links) {
    if (isOurs(name, link) && wanted.links.get(name)?.kind !== link.kind) {
      lines.push(`link del ${name}`)
    }
  }
  for (const [name, link] of wanted.links) {
    const before = found.links.get(name)
    lines.push(...linkLines(name, link, before?.kind === link.kind ? before : undefined))
  }
  for (const route of wanted.routes) {
    const device = / dev (\S+)/.exec(route)?.[1]
    const isDeviceNew = device !== undefined && !isSameKind(wanted, found, device)
    if (isDeviceNew || !found.routes.has(route)) {
      lines.push(`route replace ${route} proto ${ROUTE_PROTOCOL}`)
    }
  }
  for (const rule of wanted.rules ?? []) if (!found.rules?.has(rule)) lines.push(`rule add ${rule}`)
  return lines
}

function isSameKind(wanted: NetworkState, found: NetworkState, device: string): boolean {
  return wanted.links.get(device)?.kind === found.links.get(device)?.kind
}

function linkLines(name: string, link: LinkState, before: LinkState | undefined): string[] {
  const lines: string[] = []
  if ((link.kind === 'tap' || link.kind === 'veth') && !before) {
    lines.push(
      link.spare
        ? `link set ${link.spare} name ${name}`
        : link.kind === 'veth'
          ? `link add ${name} type veth peer name ${name} netns ${link.peer}`
          : `tuntap add dev ${name} mode tap${link.owner === undefined ? '' : ` user ${link.owner}`}`,
      `link set ${name} mtu ${INTERFACE_MTU}`,
      // Answer for the others at once (the default delays up to 0.8 s), and notice a silent guest in about a second.
      `ntable change name arp_cache dev ${name} proxy_delay 0 delay_probe 500 retrans 250 base_reachable 4000`,
    )
  }
  if (link.kind === 'queue' && !before) {
    lines.push(`link add ${name} txqueuelen ${QUEUE_PACKETS} type ifb`)
  }
  for (const address of before?.addresses ?? []) {
    if (!link.addresses.includes(address) && !isLoopback(address)) {
      lines.push(`addr del ${address} dev ${name}`)
    }
  }
  for (const address of link.addresses) {
    if (before?.addresses.includes(address)) continue
    lines.push(`addr add ${address} dev ${name}${addressFlags(link, address)}`)
  }
  if (!before?.isUp) lines.push(`link set ${name} up`)
  return lines
}

/** Nobody else has our addresses, so there is nothing to ask the link before they are used. */
function addressFlags({ kind }: LinkState, address: string): string {
  const isRouted = (kind === 'tap' || kind === 'veth') && !address.startsWith('fe80:')
  return `${isRouted ? ' noprefixroute' : ''}${isIpv6(address) ? ' nodad' : ''}`
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1/128'
}

/** TAPs and queues in a namespace (not `tunl0`, which some kernels put into each), veth ends on the host. */
function isOurs(name: string, link: LinkState): boolean {
  if (link.kind === 'tap' || link.kind === 'veth') return name.startsWith(LINK_TAP_PREFIX)
  if (link.kind === 'queue') return isQueueLink(name)
  return new RegExp(`^(?:${LINK_HOST_PREFIX}|${LINK_PEER_PREFIX})\\d+$`).test(name)
}
