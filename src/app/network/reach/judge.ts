/** What groups and network ACLs say of one packet. Pure; the same judgement as src/fabric renders for the kernel. */
import { protocolNumber } from '../../../domain/net/group-rules.ts'
import {
  addressesOf,
  type NetworkAcl,
  type NetworkAclEntry,
  type NetworkInterface,
  type SecurityGroupRule,
} from '../../../domain/network.ts'
import { blocksOf } from '../plan-blocks.ts'
import type { Packet } from '../../../domain/reach.ts'
import { isIn, type ReachState } from './state.ts'

const ECHO_REQUEST = 8
const ECHO_REPLY = 0
const ECHO_REQUEST_6 = 128
const ECHO_REPLY_6 = 129

/** `icmp` of an IPv6 packet is ICMPv6. */
function numberOf({ protocol, source }: Packet): string {
  if (protocol === 'icmp') return source.includes(':') ? '58' : '1'
  return protocolNumber(protocol)
}

export function icmpTypeOf({ isAnswer, source }: Packet): number {
  if (source.includes(':')) return isAnswer ? ECHO_REPLY_6 : ECHO_REQUEST_6
  return isAnswer ? ECHO_REPLY : ECHO_REQUEST
}

/** The rule that lets it pass, or undefined. */
export function groupRuleFor(
  state: ReachState,
  one: NetworkInterface,
  packet: Packet,
  direction: 'ingress' | 'egress',
): { groupId: string; rule: SecurityGroupRule } | undefined {
  for (const groupId of one.groupIds) {
    for (const rule of state.groups.get(groupId)?.rules ?? []) {
      if (rule.isEgress !== (direction === 'egress')) continue
      if (isTraffic(rule, packet) && isPeer(state, rule, packet, direction)) {
        return { groupId, rule }
      }
    }
  }
  return undefined
}

function isTraffic({ protocol, fromPort, toPort }: SecurityGroupRule, packet: Packet): boolean {
  if (protocol === '-1') return true
  if (protocolNumber(protocol) !== numberOf(packet)) return false
  if (packet.protocol === 'icmp') {
    const isAnyType = fromPort === null || fromPort === -1
    return isAnyType || (fromPort === icmpTypeOf(packet) && (toPort ?? -1) <= 0)
  }
  if (fromPort === null || fromPort === -1 || !packet.ports) return true
  return packet.ports.from >= fromPort && packet.ports.to <= (toPort ?? fromPort)
}

function isPeer(
  state: ReachState,
  { peer }: SecurityGroupRule,
  packet: Packet,
  direction: 'ingress' | 'egress',
): boolean {
  const other = direction === 'ingress' ? packet.source : packet.destination
  switch (peer.type) {
    case 'cidr':
    case 'cidr6':
      return isIn(other, peer.cidr)
    case 'prefixList':
      return blocksOf(peer.listId, state).some((cidr) => isIn(other, cidr))
    case 'group':
      // By private addresses: a member's public address is a stranger's.
      return state.interfaces.some(
        (one) => one.groupIds.includes(peer.groupId) && addressesOf(one).includes(other),
      )
  }
}

export interface AclVerdict {
  isAllowed: boolean
  /** undefined: none matched, which denies. */
  entry: NetworkAclEntry | undefined
}

/** The first entry that covers all of its ports decides; one that covers some of them denies, or says nothing. */
export function aclVerdict(acl: NetworkAcl, packet: Packet, isEgress: boolean): AclVerdict {
  const other = isEgress ? packet.destination : packet.source
  const entries = acl.entries
    .filter((entry) => entry.isEgress === isEgress && isIn(other, entry.cidrBlock))
    .filter((entry) => entry.protocol === '-1' || entry.protocol === numberOf(packet))
    .sort((a, b) => a.ruleNumber - b.ruleNumber)
  for (const entry of entries) {
    const cover = coverOf(entry, packet)
    if (cover === 'all') return { isAllowed: entry.isAllow, entry }
    if (cover === 'some' && !entry.isAllow) return { isAllowed: false, entry }
  }
  return { isAllowed: false, entry: undefined }
}

function coverOf({ protocol, ports, icmp }: NetworkAclEntry, packet: Packet) {
  if (protocol === '-1') return 'all'
  if (packet.protocol === 'icmp') {
    const isType = !icmp || icmp.type === -1 || icmp.type === icmpTypeOf(packet)
    const isCode = !icmp || icmp.code === -1 || icmp.code === 0
    return isType && isCode ? 'all' : 'none'
  }
  if (!ports || !packet.ports) return 'all'
  const { from, to } = packet.ports
  if (from >= ports.from && to <= ports.to) return 'all'
  return from > ports.to || to < ports.from ? 'none' : 'some'
}
