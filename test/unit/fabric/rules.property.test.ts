/**
 * The algebra of group rules: what the rendered statements admit is what the rules say, flow by flow. The statements
 * are read back by a small reader of our own subset of nft, so the property is about the text that is applied.
 */
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { GroupRulePlan } from '../../../src/domain/network-plan.ts'
import { addressParse, cidrContains, cidrParse } from '../../../src/domain/net/cidr.ts'
import { groupRules, openProtocols } from '../../../src/fabric/render/rules.ts'
import { cidrRule, groupId, groupRule } from './plans.ts'

interface Flow {
  protocol: 'tcp' | 'udp' | 'icmp' | 'gre'
  peer: string
  port: number
  icmp: [number, number]
}

const NUMBERS = { icmp: 1, tcp: 6, udp: 17, gre: 47 }
const MEMBERS: Record<string, string[]> = {
  [groupId(1)]: ['10.0.0.5', '10.0.0.6'],
  [groupId(2)]: ['10.0.0.7'],
}

const portRange = fc
  .tuple(fc.constantFrom(0, 22, 80, 8000), fc.constantFrom(22, 80, 9000, 65535))
  .map(([from, to]): [number, number] => (from <= to ? [from, to] : [to, from]))
const rule: fc.Arbitrary<GroupRulePlan> = fc
  .record({
    kind: fc.oneof(
      fc.constant({ protocol: '-1', ports: null }),
      fc.record({ protocol: fc.constantFrom('tcp', 'udp', '6', '17'), ports: portRange }),
      fc.record({
        protocol: fc.constantFrom('icmp', '1'),
        ports: fc.constantFrom<[number, number]>([-1, -1], [8, -1], [3, 4]),
      }),
      fc.constant({ protocol: '47', ports: null }),
    ),
    peer: fc.constantFrom('0.0.0.0/0', '10.0.0.0/24', '10.0.0.7/32', groupId(1), groupId(2)),
  })
  .map(({ kind, peer }) =>
    peer.startsWith('sg-')
      ? groupRule(kind.protocol, kind.ports, peer as ReturnType<typeof groupId>)
      : cidrRule(kind.protocol, kind.ports, peer),
  )
const flow: fc.Arbitrary<Flow> = fc.record({
  protocol: fc.constantFrom('tcp', 'udp', 'icmp', 'gre'),
  peer: fc.constantFrom('10.0.0.5', '10.0.0.7', '10.0.0.9', '192.0.2.1'),
  port: fc.constantFrom(0, 22, 79, 80, 8500, 65535),
  icmp: fc.constantFrom<[number, number]>([8, 0], [3, 4], [3, 1]),
})

/** What the rule says, straight from its fields. */
function isAllowed(plan: GroupRulePlan, { protocol, peer, port, icmp }: Flow): boolean {
  const isPeer =
    plan.peer.type === 'group'
      ? MEMBERS[plan.peer.groupId]!.includes(peer)
      : cidrContains(cidrParse(plan.peer.cidr), addressParse(peer))
  if (!isPeer) return false
  if (plan.protocol === '-1') return true
  if (plan.protocol !== protocol && plan.protocol !== String(NUMBERS[protocol])) return false
  if (protocol === 'icmp') {
    return (
      plan.fromPort === -1 ||
      (plan.fromPort === icmp[0] && (plan.toPort === -1 || plan.toPort === icmp[1]))
    )
  }
  if (protocol === 'gre') return true
  return plan.fromPort! <= port && port <= plan.toPort!
}

/** What the text does: the mark it leaves (0: tracked), or null when nothing accepts. */
function verdict(statements: readonly string[], f: Flow): number | null {
  for (const statement of statements) {
    const text = ` ${statement}`
    const peer = / ip [sd]addr (\S+)/.exec(text)?.[1]
    if (peer?.startsWith('@') && !MEMBERS[peer.slice(1)]!.includes(f.peer)) continue
    if (peer && !peer.startsWith('@') && !cidrContains(cidrParse(peer), addressParse(f.peer)))
      continue
    const l4 = / (?:meta l4proto|ip protocol) (\S+)/.exec(text)?.[1]
    if (l4 && l4 !== f.protocol && l4 !== String(NUMBERS[f.protocol])) continue
    const ports = / (tcp|udp) dport (\d+)(?:-(\d+))?/.exec(text)
    if (ports) {
      const isIn = f.port >= Number(ports[2]) && f.port <= Number(ports[3] ?? ports[2])
      if (ports[1] !== f.protocol || !isIn) continue
    }
    const type = / icmp type (\d+)/.exec(text)?.[1]
    const code = / icmp code (\d+)/.exec(text)?.[1]
    if (type && (f.protocol !== 'icmp' || Number(type) !== f.icmp[0])) continue
    if (code && Number(code) !== f.icmp[1]) continue
    expect(statement).toMatch(/accept$/)
    return Number(/ct mark or (\d+)/.exec(text)?.[1] ?? 0)
  }
  return null
}

test('statements admit exactly what the rules say, in both directions', () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 6 }),
      fc.array(rule, { maxLength: 4 }),
      fc.constantFrom('in' as const, 'out' as const),
      flow,
      (rules, counterpart, direction, f) => {
        const statements = groupRules(rules, direction, openProtocols(counterpart))
        const wanted = rules.some((each) => isAllowed(each, f))
        expect(verdict(statements, f) !== null).toBe(wanted)
      },
    ),
    { numRuns: 2000 },
  )
})

test('a flow is untracked when AWS says so: open to all, and everything open the other way', () => {
  fc.assert(
    fc.property(
      fc.array(rule, { maxLength: 6 }),
      fc.array(rule, { maxLength: 4 }),
      flow,
      (rules, counterpart, f) => {
        const mark = verdict(groupRules(rules, 'in', openProtocols(counterpart)), f)
        const isAnywhere = (each: GroupRulePlan): boolean =>
          each.peer.type === 'cidr' && each.peer.cidr === '0.0.0.0/0'
        const isOpen =
          (f.protocol === 'tcp' || f.protocol === 'udp') &&
          rules.some((each) => isAnywhere(each) && isAllowed(each, f)) &&
          counterpart.some(
            (each) =>
              isAnywhere(each) &&
              isAllowed(each, { ...f, port: 0 }) &&
              isAllowed(each, { ...f, port: 65535 }),
          )
        if (mark !== null) expect(mark).toBe(isOpen ? 1 : 0)
      },
    ),
    { numRuns: 2000 },
  )
})
