/**
 * Plan → the links, addresses and routes that should be there → the `ip -batch` lines that lead there from what is
 * there. Pure. The same difference serves the fast path (from what we last made) and convergence (from what the
 * kernel says), so a half-made or hand-broken network is repaired by the code that makes a new one.
 *
 * A guest's TAP is routed, not bridged: the subnet's gateway address sits on every TAP with the subnet's real mask
 * but no prefix route (dnsmasq needs the mask), the guest is a /32 behind it, and proxy ARP answers for everybody
 * else. Hence no broadcast domain, no bridge, and two guests never see each other's frames.
 */
import { cidrParse } from '../../domain/net/cidr.ts'
import { present } from '../../lib/assert.ts'
import { INTERFACE_MTU, tapNameOf } from '../../domain/network-plan.ts'
import type { RoutePlan, SubnetPlan, VpcNetworkPlan } from '../../domain/network-plan.ts'
import {
  API_ADDRESS,
  DNS_LINK_ADDRESS,
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
} from '../names.ts'
import { subnetTables } from './tables.ts'

export interface LinkState {
  kind: 'tap' | 'other'
  isUp: boolean
  /** `address/prefix`, IPv4. */
  addresses: readonly string[]
}

/** One namespace's links and IPv4 routes, as wanted or as found. */
export interface NetworkState {
  links: ReadonlyMap<string, LinkState>
  /** The arguments of `ip route add`, for example `10.0.0.5/32 dev t0abc` or `blackhole 10.0.0.0/16`. */
  routes: ReadonlySet<string>
  /** The arguments of `ip rule add`, all of the fabric's priority. */
  rules?: ReadonlySet<string>
}

/** What a VPC's namespace should hold; the veth pair comes from the host's state. */
export function wantedInNamespace(plan: VpcNetworkPlan): NetworkState {
  const link = linkOf(plan.index)
  const gateways = new Map(
    plan.subnets.map((subnet) => [
      subnet.subnetId,
      `${subnet.gateway}/${cidrParse(subnet.cidr).prefix}`,
    ]),
  )
  const services = [METADATA_ADDRESS, NTP_ADDRESS, API_ADDRESS]
  if (plan.dns.isServed) services.push(DNS_LINK_ADDRESS, resolverAddressOf(plan))
  for (const { address } of plan.endpoints ?? []) services.push(address)
  const links = new Map<string, LinkState>([
    ['lo', { kind: 'other', isUp: true, addresses: services.map((address) => `${address}/32`) }],
    [LINK_UPLINK, { kind: 'other', isUp: true, addresses: [`${link.namespaceAddress}/31`] }],
  ])
  const routes = new Set([`default via ${link.hostAddress} dev ${LINK_UPLINK}`])
  // A private address nobody holds now must not leave by the default route.
  for (const cidr of plan.cidrs) routes.add(`blackhole ${cidr}`)
  for (const nic of plan.interfaces) {
    if (!nic.isLive) continue
    const tap = tapNameOf(nic.interfaceId)
    const gateway = present(gateways.get(nic.subnetId), `subnet ${nic.subnetId} in the plan`)
    links.set(tap, { kind: 'tap', isUp: true, addresses: [gateway] })
    for (const address of nic.privateAddresses) routes.add(`${address}/32 dev ${tap}`)
  }
  for (const { index } of plan.peers ?? []) {
    const addresses = [`${link.namespaceAddress}/32`]
    links.set(peerLinkOf(index), { kind: 'other', isUp: true, addresses })
  }
  const tables = subnetTables(plan)
  for (const route of tables.routes) routes.add(route)
  return { links, routes, rules: new Set(tables.rules) }
}

/** What the host's own namespace should hold for all VPCs. `publicPool` null: nothing at all (the tear-down). */
export function wantedOnHost(
  plans: readonly VpcNetworkPlan[],
  publicPool: string,
  hostAddress: string,
): NetworkState {
  const links = new Map<string, LinkState>()
  const routes = new Set<string>()
  // Beneath the live /32s: nothing for a dead public address ever leaves the host.
  if (plans.length > 0) routes.add(`blackhole ${publicPool}`)
  for (const plan of plans) {
    const link = linkOf(plan.index)
    links.set(link.host, {
      kind: 'other',
      isUp: true,
      addresses: [`${link.hostAddress}/31`, `${hostAddress}/32`],
    })
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
    subnet.routes.some((route) => route.target.type === 'internet')
  const routed = new Set(plan.subnets.filter(isRouted).map((subnet) => subnet.subnetId))
  return plan.interfaces
    .filter((nic) => nic.isLive && routed.has(nic.subnetId))
    .flatMap((nic) => [...nic.publicAddresses])
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
  return target.type === 'nat' ? [target.publicAddress] : []
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
  if (link.kind === 'tap' && !before) {
    lines.push(
      `tuntap add dev ${name} mode tap`,
      `link set ${name} mtu ${INTERFACE_MTU}`,
      // Answer for the others at once (the default delays up to 0.8 s), and notice a silent guest in about a second.
      `ntable change name arp_cache dev ${name} proxy_delay 0 delay_probe 500 retrans 250 base_reachable 4000`,
    )
  }
  for (const address of before?.addresses ?? []) {
    if (!link.addresses.includes(address) && !isLoopback(address)) {
      lines.push(`addr del ${address} dev ${name}`)
    }
  }
  for (const address of link.addresses) {
    if (before?.addresses.includes(address)) continue
    lines.push(`addr add ${address} dev ${name}${link.kind === 'tap' ? ' noprefixroute' : ''}`)
  }
  if (!before?.isUp) lines.push(`link set ${name} up`)
  return lines
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.')
}

/** TAPs in a namespace (not `tunl0`, which some kernels put into each), veth ends on the host. */
function isOurs(name: string, link: LinkState): boolean {
  if (link.kind === 'tap') return name.startsWith(LINK_TAP_PREFIX)
  return new RegExp(`^(?:${LINK_HOST_PREFIX}|${LINK_PEER_PREFIX})\\d+$`).test(name)
}
