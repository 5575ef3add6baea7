/**
 * The algebra of security group rules: what is a valid rule, when two are the same, how many fit in a group. Pure.
 * Sources: EC2 API reference, AuthorizeSecurityGroupIngress, IpPermission, IpRange; VPC user guide, "Security group
 * rules" and "Amazon VPC quotas".
 */
import { FaultError, invalidValue } from '../faults.ts'
import type { RulePeer, SecurityGroup, SecurityGroupRule } from '../network.ts'
import { cidrFormat, cidrParse } from './cidr.ts'
import { cidr6Canonical } from './cidr6.ts'

/** What a rule allows, apart from its identity. */
export type RuleSpec = Pick<
  SecurityGroupRule,
  'isEgress' | 'protocol' | 'fromPort' | 'toPort' | 'peer' | 'description'
>

/** Protocol and ports as a user writes them. */
export interface TrafficRequest {
  protocol: string | undefined
  fromPort: number | undefined
  toPort: number | undefined
}

export type Traffic = Pick<RuleSpec, 'protocol' | 'fromPort' | 'toPort'>

/** AWS's default quota, each way; IPv4 and IPv6 are counted apart, a peer that is a group counts in both. */
export const RULES_MAX = 60
const PORT_MAX = 65_535
const ICMP_MAX = 255
const PROTOCOL_MAX = 255
const TEXT_MAX = 255

const NAMES_BY_NUMBER: Readonly<Record<string, string>> = {
  '1': 'icmp',
  '6': 'tcp',
  '17': 'udp',
  '58': 'icmpv6',
}
const NAMED = new Set(Object.values(NAMES_BY_NUMBER))

/** Names for the four protocols that have one, `-1` for all, numbers as they are. */
export function protocolCanonical(text: string): string {
  const name = text.toLowerCase()
  if (name === '-1' || name === 'all') return '-1'
  if (NAMED.has(name)) return name
  if (/^\d{1,3}$/.test(name) && Number(name) <= PROTOCOL_MAX) {
    return NAMES_BY_NUMBER[String(Number(name))] ?? String(Number(name))
  }
  throw invalidValue('IpProtocol', text, 'Unknown IP protocol')
}

/** The number of a canonical protocol, as filters and network ACLs write it. */
export function protocolNumber(protocol: string): string {
  const found = Object.entries(NAMES_BY_NUMBER).find(([, name]) => name === protocol)
  return found?.[0] ?? protocol
}

/** Protocol and ports checked and in canonical form. */
export function trafficCanonical(request: TrafficRequest): Traffic {
  if (request.protocol === undefined || request.protocol === '') {
    throw new FaultError({ type: 'MissingParameter', parameter: 'IpProtocol' })
  }
  const protocol = protocolCanonical(request.protocol)
  const { fromPort, toPort } = request
  if (protocol === 'tcp' || protocol === 'udp') return { protocol, ...portRange(fromPort, toPort) }
  if (protocol === 'icmp') return { protocol, ...icmpType(fromPort, toPort) }
  // "For icmpv6, the port range is optional; if you omit it, traffic for all types and codes is allowed."
  if (protocol === 'icmpv6') return { protocol, ...icmpType(fromPort ?? -1, toPort ?? -1) }
  return { protocol, fromPort: null, toPort: null }
}

function portRange(from: number | undefined, to: number | undefined) {
  if (from === undefined || to === undefined) {
    const reason = 'Must specify both from and to ports with TCP/UDP'
    throw invalidValue('portRange', `${from ?? ''}:${to ?? ''}`, reason)
  }
  const isPort = (port: number): boolean => port >= 0 && port <= PORT_MAX
  if (!isPort(from) || !isPort(to) || from > to) {
    throw invalidValue('portRange', `${from}:${to}`, 'Invalid TCP/UDP port range')
  }
  return { fromPort: from, toPort: to }
}

function icmpType(type: number | undefined, code: number | undefined) {
  if (type === undefined || code === undefined) {
    const reason = 'Must specify both type and code with ICMP'
    throw invalidValue('icmpTypeCode', `${type ?? ''}:${code ?? ''}`, reason)
  }
  const isByte = (value: number): boolean => value >= -1 && value <= ICMP_MAX
  if (!isByte(type) || !isByte(code) || (type === -1 && code !== -1)) {
    throw invalidValue('icmpTypeCode', `${type}:${code}`, 'Invalid ICMP type and code')
  }
  return { fromPort: type, toPort: code }
}

/** "AWS canonicalizes IPv4 and IPv6 CIDRs": 100.68.0.18/18 is stored and shown as 100.68.0.0/18. */
export function peerOfCidr(text: string): RulePeer {
  return { type: 'cidr', cidr: cidrFormat(cidrParse(text, 'CidrIp')) }
}

export function peerOfCidr6(text: string): RulePeer {
  return { type: 'cidr6', cidr: cidr6Canonical(text, 'CidrIpv6') }
}

/** Equal exactly for rules that allow the same; the description does not count. */
export function ruleKey(rule: Omit<RuleSpec, 'description'>): string {
  const who = peerText(rule.peer)
  const direction = rule.isEgress ? 'egress' : 'ingress'
  return [direction, rule.protocol, rule.fromPort, rule.toPort, who].join('|')
}

function peerText(peer: RulePeer): string {
  if (peer.type === 'group') return peer.groupId
  return peer.type === 'prefixList' ? peer.listId : peer.cidr
}

/** A rule in EC2's own words: `peer: 0.0.0.0/0, TCP, from port: 22, to port: 22, ALLOW`. */
export function ruleText(rule: Omit<RuleSpec, 'description'>): string {
  const peer = `peer: ${peerText(rule.peer)}`
  const { protocol, fromPort, toPort } = rule
  if (protocol === '-1') return `${peer}, ALL, ALLOW`
  if (protocol === 'tcp' || protocol === 'udp') {
    return `${peer}, ${protocol.toUpperCase()}, from port: ${fromPort}, to port: ${toPort}, ALLOW`
  }
  if (protocol === 'icmp' || protocol === 'icmpv6') {
    return `${peer}, ${protocol.toUpperCase()}, type: ${fromPort}, code: ${toPort}, ALLOW`
  }
  return `${peer}, protocol: ${protocol}, ALLOW`
}

/**
 * A prefix list counts for as many rules as it may have entries.
 * @throws Faults `RuleDuplicate` (within the list too) and `LimitExceeded`.
 */
export function rulesMustFit(
  group: SecurityGroup,
  rules: readonly RuleSpec[],
  listSizes: ReadonlyMap<string, number> = new Map(),
): void {
  const weigh = (some: readonly RuleSpec[]): number =>
    some.reduce((sum, { peer }) => {
      return sum + (peer.type === 'prefixList' ? (listSizes.get(peer.listId) ?? 1) : 1)
    }, 0)
  const seen = new Set<string>()
  for (const rule of rules) {
    const key = ruleKey(rule)
    if (seen.has(key)) {
      throw new FaultError({
        type: 'RuleDuplicate',
        groupId: group.id,
        description: ruleText(rule),
      })
    }
    seen.add(key)
  }
  for (const isEgress of [true, false]) {
    const way = rules.filter((rule) => rule.isEgress === isEgress)
    const v4 = weigh(way.filter((rule) => rule.peer.type !== 'cidr6'))
    const v6 = weigh(way.filter((rule) => rule.peer.type !== 'cidr'))
    if (Math.max(v4, v6) > RULES_MAX) {
      throw new FaultError({
        type: 'LimitExceeded',
        kind: 'securityGroupRule',
        limit: RULES_MAX,
        reason: 'The maximum number of rules per security group has been reached.',
      })
    }
  }
}

/** What AWS allows in names and descriptions of groups and rules. */
const TEXT = /^[a-zA-Z0-9 ._\-:/()#,@[\]+=&;{}!$*]*$/

/** @throws Fault `InvalidValue` for text that EC2 would not take. */
export function groupText(parameter: string, text: string): string {
  if (text.length > TEXT_MAX) {
    throw invalidValue(parameter, text, `must be at most ${TEXT_MAX} characters long`)
  }
  if (!TEXT.test(text)) {
    const allowed = 'a-z, A-Z, 0-9, spaces, and ._-:/()#,@[]+=&;{}!$*'
    throw invalidValue(parameter, text, `Valid characters are ${allowed}`)
  }
  return text
}

/** @throws Fault `InvalidValue`; names that could be mistaken for ids are refused. */
export function groupName(text: string): string {
  if (text.trim() === '') {
    throw new FaultError({ type: 'MissingParameter', parameter: 'groupName' })
  }
  if (/^sg-/i.test(text)) {
    throw invalidValue('groupName', text, 'Group names may not be in the format sg-*')
  }
  return groupText('groupName', text)
}
