/** The algebra of rules as properties, and IPv6 blocks against the RFC's examples and an independent parser. */
import { SocketAddress } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { FaultError } from '../../../src/domain/faults.ts'
import type { SecurityGroupId } from '../../../src/domain/ids.ts'
import { cidrContains, cidrParse } from '../../../src/domain/net/cidr.ts'
import { address6Parse, cidr6Canonical } from '../../../src/domain/net/cidr6.ts'
import {
  peerOfCidr,
  protocolCanonical,
  protocolNumber,
  ruleKey,
  rulesMustFit,
  RULES_MAX,
  trafficCanonical,
  type RuleSpec,
} from '../../../src/domain/net/group-rules.ts'
import type { SecurityGroup } from '../../../src/domain/network.ts'

const protocol = fc.oneof(
  fc.constantFrom('tcp', 'udp', 'icmp', 'icmpv6', '-1', 'all', 'TCP'),
  fc.integer({ min: 0, max: 255 }).map(String),
)
const range = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }))
  .map(([a, b]) => ({ fromPort: Math.min(a, b), toPort: Math.max(a, b) }))
const cidr = fc
  .tuple(fc.ipV4(), fc.integer({ min: 0, max: 32 }))
  .map(([address, prefix]) => `${address}/${prefix}`)

const spec = fc
  .record({ isEgress: fc.boolean(), protocol, range, block: cidr })
  .map(({ isEgress, protocol, range, block }): RuleSpec => {
    const traffic = trafficCanonical({ protocol, ...range })
    return { isEgress, ...traffic, peer: peerOfCidr(block), description: null }
  })

const GROUP = { id: 'sg-01234567' as SecurityGroupId } as SecurityGroup

function faultOf(work: () => void): string | undefined {
  try {
    work()
    return undefined
  } catch (error) {
    if (error instanceof FaultError) return error.fault.type
    throw error
  }
}

describe('a rule in canonical form', () => {
  test('stays as it is when made canonical again', () => {
    fc.assert(
      fc.property(spec, (rule) => {
        const { protocol, fromPort, toPort, peer } = rule
        const again = trafficCanonical({
          protocol,
          fromPort: fromPort ?? undefined,
          toPort: toPort ?? undefined,
        })
        expect(again).toEqual({ protocol, fromPort, toPort })
        if (peer.type === 'cidr') expect(peerOfCidr(peer.cidr)).toEqual(peer)
      }),
    )
  })

  test('has the same key exactly when it allows the same', () => {
    fc.assert(
      fc.property(spec, spec, (a, b) => {
        const same = ['isEgress', 'protocol', 'fromPort', 'toPort', 'peer'].every(
          (field) =>
            JSON.stringify(a[field as keyof RuleSpec]) ===
            JSON.stringify(b[field as keyof RuleSpec]),
        )
        expect(ruleKey(a) === ruleKey(b)).toBe(same)
      }),
    )
  })

  test('a name and its number are the same protocol', () => {
    fc.assert(
      fc.property(protocol, (text) => {
        const canonical = protocolCanonical(text)
        expect(protocolCanonical(protocolNumber(canonical))).toBe(canonical)
      }),
    )
  })

  test('the block contains the address it was written with', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, prefix) => {
        const peer = peerOfCidr(`${address}/${prefix}`)
        const block = cidrParse((peer as { cidr: string }).cidr)
        expect(cidrContains(block, cidrParse(`${address}/32`).base)).toBe(true)
      }),
    )
  })
})

describe('rules of a group', () => {
  test('fit when they differ and are few; the same rule twice never fits', () => {
    const distinct = fc.uniqueArray(spec, { selector: ruleKey, maxLength: RULES_MAX })
    fc.assert(
      fc.property(distinct, (rules) => {
        expect(faultOf(() => rulesMustFit(GROUP, rules))).toBeUndefined()
        const described = rules.slice(0, 1).map((rule) => ({ ...rule, description: 'again' }))
        const twice = faultOf(() => rulesMustFit(GROUP, [...rules, ...described]))
        expect(twice).toBe(rules.length > 0 ? 'RuleDuplicate' : undefined)
      }),
    )
  })
})

describe('IPv6 blocks', () => {
  // RFC 5952, sections 4 and 5; host bits cleared as EC2 does.
  test.each([
    ['2001:0db8:0000:0000:0001:0000:0000:0001/128', '2001:db8::1:0:0:1/128'],
    ['2001:db8:0:1:1:1:1:1/128', '2001:db8:0:1:1:1:1:1/128'],
    ['2001:0:0:1:0:0:0:1/128', '2001:0:0:1::1/128'],
    ['2001:DB8::FFFF/32', '2001:db8::/32'],
    ['::/0', '::/0'],
    ['ffff::/1', '8000::/1'],
    ['::1/128', '::1/128'],
  ])('%s is %s', (text, canonical) => {
    expect(cidr6Canonical(text)).toBe(canonical)
  })

  test.each([
    '',
    '::',
    '::/129',
    '1:2:3/64',
    ':::/0',
    '1::2::3/64',
    'g::/16',
    '::/-1',
    '::1.2.3.4/0',
  ])('%s is refused', (text) => {
    expect(faultOf(() => cidr6Canonical(text))).toBe('InvalidValue')
  })

  test('means the same address as Node says', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        // The form with an IPv4 tail is none that EC2 takes for a block.
        fc.pre(!text.includes('.'))
        const [canonical] = cidr6Canonical(`${text}/128`).split('/')
        expect(address6Parse(canonical!)).toBe(address6Parse(text))
        const node = new SocketAddress({ address: text, family: 'ipv6' }).address
        if (!node.includes('.')) expect(canonical).toBe(node)
      }),
    )
  })
})
