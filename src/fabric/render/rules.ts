/**
 * Security-group rules as nft statements. Pure.
 *
 * AWS's connection tracking, to the letter: removing a rule cuts new connections at once and leaves tracked ones
 * alone; but a TCP or UDP flow that an all-addresses rule allowed, while the other direction allows everything to
 * everybody, is not tracked by AWS and ends with its rule. Such flows carry OPEN_MARK and are judged packet by
 * packet (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html).
 */
import type { GroupPlan, GroupRulePlan } from '../../domain/network-plan.ts'

export type Direction = 'in' | 'out'

/** Connection marks of flows that live only as long as their rule, one bit a direction. */
export const OPEN_MARK: Record<Direction, number> = { in: 1, out: 2 }

const ANYWHERE = '0.0.0.0/0'
const PROTOCOL_NUMBERS: Record<string, string> = { '1': 'icmp', '6': 'tcp', '17': 'udp' }
const PORT_MAX = 65_535

export function protocolOf(rule: GroupRulePlan): string {
  return PROTOCOL_NUMBERS[rule.protocol] ?? rule.protocol
}

/** The rule's match, or null for what cannot match anything here (IPv6, which guests do not have yet). */
export function matchOf(rule: GroupRulePlan, direction: Direction): string | null {
  const parts: string[] = []
  const side = direction === 'in' ? 'saddr' : 'daddr'
  if (rule.peer.type === 'group') parts.push(`ip ${side} @${rule.peer.groupId}`)
  else if (rule.peer.cidr.includes(':')) return null
  else if (rule.peer.cidr !== ANYWHERE) parts.push(`ip ${side} ${rule.peer.cidr}`)

  const protocol = protocolOf(rule)
  if (protocol === 'icmpv6' || protocol === '58') return null
  if (protocol === 'tcp' || protocol === 'udp') {
    parts.push(portsOf(rule, protocol))
  } else if (protocol === 'icmp') {
    parts.push(...icmpOf(rule))
  } else if (protocol !== '-1') {
    parts.push(`meta l4proto ${Number(protocol)}`)
  }
  return parts.join(' ')
}

function portsOf(rule: GroupRulePlan, protocol: string): string {
  const from = rule.fromPort ?? 0
  const to = rule.toPort ?? PORT_MAX
  if (isAllPorts(rule)) return `meta l4proto ${protocol}`
  return `${protocol} dport ${from === to ? from : `${from}-${to}`}`
}

function isAllPorts(rule: GroupRulePlan): boolean {
  const from = rule.fromPort ?? 0
  return from === -1 || (from === 0 && (rule.toPort ?? PORT_MAX) === PORT_MAX)
}

function icmpOf(rule: GroupRulePlan): string[] {
  if (rule.fromPort === null || rule.fromPort === -1) return ['ip protocol icmp']
  const parts = [`icmp type ${rule.fromPort}`]
  if (rule.toPort !== null && rule.toPort !== -1) parts.push(`icmp code ${rule.toPort}`)
  return parts
}

/** Whether the groups let everything of this protocol pass to or from everybody: half of what makes a flow open. */
export function isWideOpen(rules: readonly GroupRulePlan[], protocol: 'tcp' | 'udp'): boolean {
  return rules.some((rule) => {
    if (rule.peer.type !== 'cidr' || rule.peer.cidr !== ANYWHERE) return false
    const own = protocolOf(rule)
    return own === '-1' || (own === protocol && isAllPorts(rule))
  })
}

/** The protocols whose flows through all-addresses rules AWS would not track, given the other direction's rules. */
export function openProtocols(counterpart: readonly GroupRulePlan[]): ('tcp' | 'udp')[] {
  return (['tcp', 'udp'] as const).filter((protocol) => isWideOpen(counterpart, protocol))
}

/** The chain of a group, direction and set of open protocols: interfaces that need the same one share it. */
export function groupChainOf(
  group: Pick<GroupPlan, 'groupId'>,
  direction: Direction,
  open: readonly string[],
): string {
  return [group.groupId, direction, ...(open.length > 0 ? ['open', ...open] : [])].join('-')
}

/** The statements of one group chain; each ends in `accept`, what falls through returns to the next group. */
export function groupRules(
  rules: readonly GroupRulePlan[],
  direction: Direction,
  open: readonly ('tcp' | 'udp')[],
): string[] {
  const tracked = new Set<string>()
  const untracked = new Set<string>()
  const mark = `ct mark set ct mark or ${OPEN_MARK[direction]} accept`
  for (const rule of rules) {
    const match = matchOf(rule, direction)
    if (match === null) continue
    const protocol = protocolOf(rule)
    const isAnywhere = rule.peer.type === 'cidr' && rule.peer.cidr === ANYWHERE
    if (isAnywhere && protocol === '-1') {
      for (const name of open) untracked.add(`meta l4proto ${name} ${mark}`)
      tracked.add('accept')
    } else if (isAnywhere && open.some((name) => name === protocol)) {
      untracked.add(`${match} ${mark}`)
    } else {
      tracked.add(`${match} accept`.trim())
    }
  }
  // Open rules first: a flow that both kinds allow is not tracked on AWS either.
  return [...untracked, ...tracked]
}
