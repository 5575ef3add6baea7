/**
 * What IPv6 needs of nftables beyond what the families share: neighbour discovery, router advertisements and DHCPv6 on
 * each TAP, and the host's side. Pure. A guest may speak of its own addresses only, and never as a router or server.
 */
import { address6Parse } from '../../domain/net/cidr6.ts'
import type { InterfacePlan } from '../../domain/network-plan.ts'
import { LINK_TAP_PREFIX, SERVICES_CIDR_6 } from '../names.ts'
import { passRules } from './rates.ts'
import type { Queueing } from './shaping.ts'
import { chain, elements } from './text.ts'

const LINK_LOCAL = 'fe80::/10'
/** The first ten bits of a link-local address. */
const LINK_LOCAL_BITS = '0x3fa'
/** Platform addresses and multicast are never routed. */
export const SERVICES_6 = elements([LINK_LOCAL, 'ff00::/8', SERVICES_CIDR_6])

/** Of one TAP; what follows none of these is dropped. */
export function guard6Rules(nic: InterfacePlan, queueing: Queueing): string[] {
  const own = nic.ipv6Addresses ?? []
  const sources = elements([LINK_LOCAL, ...own])
  // A neighbour advertisement tells its subject after 8 bytes (RFC 4861): our own address, or one of the link.
  const advert = `ip6 saddr ${sources} icmpv6 type nd-neighbor-advert ip6 hoplimit 255`
  return [
    `ip6 saddr ${elements(['::', LINK_LOCAL, ...own])} icmpv6 type { nd-router-solicit, nd-neighbor-solicit } ip6 hoplimit 255 accept`,
    `${advert} @th,64,10 ${LINK_LOCAL_BITS} accept`,
    ...own.map((address) => `${advert} @th,64,128 ${hexOf(address)} accept`),
    `ip6 saddr ${LINK_LOCAL} udp sport 546 udp dport 547 accept`,
    'icmpv6 type { nd-router-solicit, nd-router-advert, nd-neighbor-solicit, nd-neighbor-advert, nd-redirect } drop',
    'meta protocol ip6 udp dport { 546, 547 } drop',
    ...(nic.isSourceDestChecked
      ? own.length > 0
        ? passRules(nic, `ip6 saddr ${elements(own)}`, queueing)
        : []
      : [
          `ip6 saddr ${elements(['::', '::1', LINK_LOCAL, 'ff00::/8', SERVICES_CIDR_6])} drop`,
          ...passRules(nic, 'meta protocol ip6', queueing),
        ]),
  ]
}

function hexOf(address: string): string {
  return `0x${address6Parse(address)!.toString(16)}`
}

export function input6Rules(isFromTap: string, isDnsServed: boolean): string[] {
  return [
    'icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept',
    `${isFromTap} icmpv6 type nd-router-solicit accept`,
    `${isFromTap} udp sport 546 udp dport 547 accept`,
    ...(isDnsServed
      ? // Clients that do not ask for a resolver take whoever gave them their address.
        [`${isFromTap} meta nfproto ipv6 meta l4proto { tcp, udp } th dport 53 accept`]
      : []),
  ]
}

/** The kernel tells every link which groups it listens to; guests are not to hear it. */
export function quietChain(): string[] {
  return chain('quiet', [
    'type filter hook output priority 0; policy accept;',
    `oifname "${LINK_TAP_PREFIX}*" icmpv6 type { mld-listener-report, mld2-listener-report } drop`,
  ])
}

export interface HostPlan6 {
  pool: string
  /** The interface of the default route of IPv6, or null: the host has none. */
  uplink: string | null
  /** Whether the host forwarded IPv6 before us. */
  isForwarding: boolean
}

/** Forwarding of IPv6 is the host's as a whole, so what is not ours is stopped by a rule. */
export function host6Rules(host: HostPlan6 | undefined, ours: string) {
  if (!host) return { input: [], out: [], in: [], others: [], masquerade: [] }
  const uplink = host.uplink === null ? null : `"${host.uplink}"`
  return {
    input: [`iifname ${ours} icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept`],
    out: [
      `iifname ${ours} oifname ${ours} ip6 daddr ${host.pool} accept`,
      ...(uplink ? [`iifname ${ours} oifname ${uplink} meta nfproto ipv6 accept`] : []),
    ],
    in: [`oifname ${ours} ip6 daddr ${host.pool} accept`],
    others: host.isForwarding ? [] : [`meta nfproto ipv6 iifname != ${ours} drop`],
    masquerade: uplink ? [`oifname ${uplink} ip6 saddr ${host.pool} masquerade`] : [],
  }
}
