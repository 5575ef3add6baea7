/**
 * Network ACLs as nftables text. Pure. Packet by packet, established or not, for what crosses a subnet's border: two
 * guests of one subnet never meet their ACL, and the platform's own services (DHCP, DNS, metadata, time) are not
 * forwarded and so not judged, as on AWS. An ACL that lets everything pass has no chain and costs nothing.
 * Endpoints are in the namespace itself: what goes to them and comes from them is judged where it enters and leaves.
 */
import {
  tapNameOf,
  type AclRulePlan,
  type InterfacePlan,
  type VpcNetworkPlan,
} from '../../domain/network-plan.ts'
import { isIpv6 } from '../../domain/net/blocks.ts'
import { blockMatch, hasIpv6, isEverywhere } from './families.ts'
import type { Direction } from './rules.ts'
import { chain, elements } from './text.ts'

const PORT_MAX = 65_535

export function aclChains(plan: VpcNetworkPlan, nics: readonly InterfacePlan[]): string[] {
  const has6 = hasIpv6(plan)
  const families = has6 ? [false, true] : [false]
  const chains: string[] = []
  const jumps: Record<Direction, string[]> = { in: [], out: [] }
  const served: Record<Direction, string[]> = { in: [], out: [] }
  const neighbours: Neighbours[] = []
  for (const { subnetId, acl } of plan.subnets) {
    const taps = nics
      .filter((nic) => nic.subnetId === subnetId)
      .map((nic) => `"${tapNameOf(nic.interfaceId)}"`)
    const endpoints = (plan.endpoints ?? [])
      .filter((endpoint) => endpoint.subnetId === subnetId)
      .map(({ address }) => address)
    if (!acl || taps.length + endpoints.length === 0) continue
    if (taps.length > 0 && endpoints.length > 0) neighbours.push({ taps, endpoints })
    for (const direction of ['out', 'in'] as const) {
      const rules = direction === 'in' ? acl.ingress : acl.egress
      if (families.every((is6) => isOpen(rules, is6))) continue
      const name = `${subnetId}-acl-${direction}`
      const otherSide = direction === 'in' ? 'iifname' : 'oifname'
      const own = taps.length > 0 ? [`${otherSide} ${elements(taps)} return`] : []
      const judging = rules.flatMap((rule) => ruleText(rule, direction, has6))
      chains.push(...chain(name, [...own, ...judging, 'drop']))
      jumps[direction].push(...taps.map((tap) => `${tap} : jump ${name}`))
      served[direction].push(...endpoints.map((address) => `${address} : jump ${name}`))
    }
  }
  if (chains.length === 0) return []
  return [
    ...chains,
    ...chain('acl', [
      'type filter hook forward priority -10; policy accept;',
      ...(jumps.out.length > 0 ? [`iifname vmap ${elements(jumps.out)}`] : []),
      ...(jumps.in.length > 0 ? [`oifname vmap ${elements(jumps.in)}`] : []),
    ]),
    ...endpointChains(plan, { jumps, served, neighbours }),
  ]
}

/** Of one subnet, whom its ACL does not stand between. */
interface Neighbours {
  taps: readonly string[]
  endpoints: readonly string[]
}

function endpointChains(
  plan: VpcNetworkPlan,
  {
    jumps,
    served,
    neighbours,
  }: {
    jumps: Record<Direction, string[]>
    served: Record<Direction, string[]>
    neighbours: readonly Neighbours[]
  },
): string[] {
  const addresses = (plan.endpoints ?? []).map(({ address }) => address)
  if (addresses.length === 0) return []
  // Endpoints have addresses of IPv4 only.
  const passing6 = hasIpv6(plan) ? ['meta nfproto ipv6 accept'] : []
  const vmap = (what: string, verdicts: readonly string[]): string[] =>
    verdicts.length > 0 ? [`${what} vmap ${elements(verdicts)}`] : []
  const among = (link: string, side: string): string[] =>
    neighbours.map(
      ({ taps, endpoints }) => `${link} ${elements(taps)} ip ${side} ${elements(endpoints)} accept`,
    )
  return [
    ...chain('acl-asked', [
      'type filter hook input priority -10; policy accept;',
      ...passing6,
      `ip daddr != ${elements(addresses)} accept`,
      ...among('iifname', 'daddr'),
      ...vmap('iifname', jumps.out),
      ...vmap('ip daddr', served.in),
    ]),
    ...chain('acl-answered', [
      'type filter hook output priority -10; policy accept;',
      ...passing6,
      `ip saddr != ${elements(addresses)} accept`,
      ...among('oifname', 'saddr'),
      ...vmap('ip saddr', served.out),
      ...vmap('oifname', jumps.in),
    ]),
  ]
}

/** Whether everything is allowed before anything is denied. */
function isOpen(all: readonly AclRulePlan[], is6: boolean): boolean {
  const rules = all.filter((rule) => isIpv6(rule.cidr) === is6)
  const open = rules.findIndex((rule) => rule.protocol === '-1' && isEverywhere(rule.cidr))
  const denied = rules.findIndex((rule) => !rule.isAllow)
  return open >= 0 && rules[open]!.isAllow && (denied < 0 || denied > open)
}

/** None for what cannot be: IPv6 where there is none, one family's ICMP from the other's block. */
function ruleText(rule: AclRulePlan, direction: Direction, has6: boolean): string[] {
  const match = blockMatch(direction === 'in' ? 'saddr' : 'daddr', rule.cidr, has6)
  const isStrange = rule.protocol === (isIpv6(rule.cidr) ? '1' : '58')
  if (match === null || isStrange) return []
  const parts = [match, ...protocolParts(rule), rule.isAllow ? 'return' : 'drop']
  return [parts.filter((part) => part !== '').join(' ')]
}

function protocolParts({ protocol, ports, icmp }: AclRulePlan): string[] {
  if (protocol === '-1') return []
  const name = { '6': 'tcp', '17': 'udp' }[protocol]
  if (name && ports && (ports.from > 0 || ports.to < PORT_MAX)) {
    return [`${name} dport ${ports.from}-${ports.to}`]
  }
  const own = { '1': 'icmp', '58': 'icmpv6' }[protocol]
  if (!own || !icmp || icmp.type < 0) return [`meta l4proto ${Number(protocol)}`]
  return [`${own} type ${icmp.type}`, ...(icmp.code < 0 ? [] : [`${own} code ${icmp.code}`])]
}
