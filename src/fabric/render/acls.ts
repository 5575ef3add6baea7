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
import type { Direction } from './rules.ts'
import { chain, elements } from './text.ts'

const ANYWHERE = '0.0.0.0/0'
const PORT_MAX = 65_535

export function aclChains(plan: VpcNetworkPlan, nics: readonly InterfacePlan[]): string[] {
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
      if (isOpen(rules)) continue
      const name = `${subnetId}-acl-${direction}`
      const otherSide = direction === 'in' ? 'iifname' : 'oifname'
      const own = taps.length > 0 ? [`${otherSide} ${elements(taps)} return`] : []
      chains.push(...chain(name, [...own, ...rules.map((r) => ruleText(r, direction)), 'drop']))
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
  const vmap = (what: string, verdicts: readonly string[]): string[] =>
    verdicts.length > 0 ? [`${what} vmap ${elements(verdicts)}`] : []
  const among = (link: string, side: string): string[] =>
    neighbours.map(
      ({ taps, endpoints }) => `${link} ${elements(taps)} ip ${side} ${elements(endpoints)} accept`,
    )
  return [
    ...chain('acl-asked', [
      'type filter hook input priority -10; policy accept;',
      `ip daddr != ${elements(addresses)} accept`,
      ...among('iifname', 'daddr'),
      ...vmap('iifname', jumps.out),
      ...vmap('ip daddr', served.in),
    ]),
    ...chain('acl-answered', [
      'type filter hook output priority -10; policy accept;',
      `ip saddr != ${elements(addresses)} accept`,
      ...among('oifname', 'saddr'),
      ...vmap('ip saddr', served.out),
      ...vmap('oifname', jumps.in),
    ]),
  ]
}

/** Whether everything is allowed before anything is denied. */
function isOpen(rules: readonly AclRulePlan[]): boolean {
  const all = rules.findIndex((rule) => rule.protocol === '-1' && rule.cidr === ANYWHERE)
  const denied = rules.findIndex((rule) => !rule.isAllow)
  return all >= 0 && rules[all]!.isAllow && (denied < 0 || denied > all)
}

function ruleText(rule: AclRulePlan, direction: Direction): string {
  const side = direction === 'in' ? 'saddr' : 'daddr'
  const parts = [
    ...(rule.cidr === ANYWHERE ? [] : [`ip ${side} ${rule.cidr}`]),
    ...protocolParts(rule),
    rule.isAllow ? 'return' : 'drop',
  ]
  return parts.join(' ')
}

function protocolParts({ protocol, ports, icmp }: AclRulePlan): string[] {
  if (protocol === '-1') return []
  const name = { '6': 'tcp', '17': 'udp' }[protocol]
  if (name && ports && (ports.from > 0 || ports.to < PORT_MAX)) {
    return [`${name} dport ${ports.from}-${ports.to}`]
  }
  if (protocol !== '1' || !icmp || icmp.type < 0) return [`meta l4proto ${Number(protocol)}`]
  return [`icmp type ${icmp.type}`, ...(icmp.code < 0 ? [] : [`icmp code ${icmp.code}`])]
}
