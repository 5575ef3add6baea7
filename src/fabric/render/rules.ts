/**
 * Security-group rules as nft statements. Pure.
 *
 * AWS's connection tracking, to the letter: removing a rule cuts new connections at once and leaves tracked ones
 * alone; but a TCP or UDP flow that an all-addresses rule allowed, while the other direction allows everything to
 * everybody, is not tracked by AWS and ends with its rule. Such flows carry OPEN_MARK and are judged packet by
 * packet (https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/security-group-connection-tracking.html).
 */
import { isIpv6 } from '../../domain/net/blocks.ts'
import type { GroupPlan, GroupRulePlan } from '../../domain/network-plan.ts'
import { blockMatch, isEverywhere } from './families.ts'

export type Direction = 'in' | 'out'

/** Connection marks of flows that live only as long as their rule, one bit a direction. */
export const OPEN_MARK: Record<Direction, number> = { in: 1, out: 2 }

const PROTOCOL_NUMBERS: Record<string, string> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'icmpv6',
}
const PORT_MAX = 65_535

export function protocolOf(rule: GroupRulePlan): string {
  return PROTOCOL_NUMBERS[rule.protocol] ?? rule.protocol
}

/** A group's members of one family are a set. */
export function memberSetOf(groupId: string, is6: boolean): string {
  return is6 ? `${groupId}-6` : groupId
}

interface Match {
  is6: boolean
  text: string
}

/** What the rule matches, in each family that it speaks of and that there is. */
function matchesOf(rule: GroupRulePlan, direction: Direction, has6: boolean): Match[] {
  const families = has6 ? [false, true] : [false]
  return families.flatMap((is6): Match[] => {
    const parts = matchOf(rule, direction, { is6, has6 })
    return parts ? [{ is6, text: parts.filter((part) => part !== '').join(' ') }] : []
  })
}

function matchOf(
  rule: GroupRulePlan,
  direction: Direction,
  { is6, has6 }: { is6: boolean; has6: boolean },
): string[] | null {
  const peer = peerMatch(rule, direction, { is6, has6 })
  const protocol = protocolOf(rule)
  // Each family has an ICMP of its own.
  const isStrange = protocol === (is6 ? 'icmp' : 'icmpv6')
  if (peer === null || isStrange) return null
  if (protocol === 'tcp' || protocol === 'udp') return [peer, portsOf(rule, protocol)]
  if (protocol === 'icmp' || protocol === 'icmpv6') return [peer, ...icmpOf(rule, protocol)]
  return [peer, protocol === '-1' ? '' : `meta l4proto ${Number(protocol)}`]
}

function peerMatch(
  { peer }: GroupRulePlan,
  direction: Direction,
  { is6, has6 }: { is6: boolean; has6: boolean },
): string | null {
  const side = direction === 'in' ? 'saddr' : 'daddr'
  if (peer.type === 'group') {
    return `${is6 ? 'ip6' : 'ip'} ${side} @${memberSetOf(peer.groupId, is6)}`
  }
  return isIpv6(peer.cidr) === is6 ? blockMatch(side, peer.cidr, has6) : null
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

function icmpOf(rule: GroupRulePlan, protocol: 'icmp' | 'icmpv6'): string[] {
  if (rule.fromPort === null || rule.fromPort === -1) {
    return [protocol === 'icmp' ? 'ip protocol icmp' : 'meta l4proto ipv6-icmp']
  }
  const parts = [`${protocol} type ${rule.fromPort}`]
  if (rule.toPort !== null && rule.toPort !== -1) parts.push(`${protocol} code ${rule.toPort}`)
  return parts
}

/** A protocol of a family whose flows through rules for everybody AWS would not track. */
export type Open = 'tcp' | 'udp' | 'tcp6' | 'udp6'

const OPEN_4 = ['tcp', 'udp'] as const
const OPEN_6 = ['tcp6', 'udp6'] as const

const openOf = (protocol: string, is6: boolean): string => (is6 ? `${protocol}6` : protocol)

/** Whether the groups let everything of this protocol pass to or from everybody: half of what makes a flow open. */
function isWideOpen(rules: readonly GroupRulePlan[], open: Open): boolean {
  const is6 = open.endsWith('6')
  return rules.some((rule) => {
    if (rule.peer.type !== 'cidr' || !isEverywhere(rule.peer.cidr)) return false
    if (isIpv6(rule.peer.cidr) !== is6) return false
    const own = protocolOf(rule)
    return own === '-1' || (openOf(own, is6) === open && isAllPorts(rule))
  })
}

/** The protocols whose flows through all-addresses rules AWS would not track, given the other direction's rules. */
export function openProtocols(counterpart: readonly GroupRulePlan[], has6 = false): Open[] {
  const all: readonly Open[] = has6 ? [...OPEN_4, ...OPEN_6] : OPEN_4
  return all.filter((open) => isWideOpen(counterpart, open))
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
  open: readonly Open[],
  has6 = false,
): string[] {
  const tracked = new Set<string>()
  const untracked = new Set<string>()
  const mark = `ct mark set ct mark or ${OPEN_MARK[direction]} accept`
  for (const rule of rules) {
    const protocol = protocolOf(rule)
    const isAnywhere = rule.peer.type === 'cidr' && isEverywhere(rule.peer.cidr)
    for (const { is6, text } of matchesOf(rule, direction, has6)) {
      const ofFamily = open.filter((name) => name.endsWith('6') === is6)
      if (isAnywhere && protocol === '-1') {
        for (const name of ofFamily) {
          untracked.add(`${text} meta l4proto ${name.replace('6', '')} ${mark}`.trim())
        }
        tracked.add(`${text} accept`.trim())
      } else if (isAnywhere && ofFamily.some((name) => name === openOf(protocol, is6))) {
        untracked.add(`${text} ${mark}`)
      } else {
        tracked.add(`${text} accept`.trim())
      }
    }
  }
  // Open rules first: a flow that both kinds allow is not tracked on AWS either.
  return [...untracked, ...tracked]
}
