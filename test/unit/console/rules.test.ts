/** Rules in words, and which of them are a risk. */
import { expect, test } from 'vitest'
import {
  isRisky,
  permissionOf,
  rulesOf,
  ruleWords,
  THIS_HOST,
  type Rule,
} from '../../../console/src/util/rules.ts'

const rule = (part: Partial<Rule>): Rule => ({
  protocol: 'tcp',
  fromPort: 22,
  toPort: 22,
  peer: THIS_HOST,
  peerKind: 'cidr',
  description: '',
  isRisky: false,
  ...part,
})

test.each<[string, Partial<Rule>]>([
  ['This host can reach SSH (TCP port 22)', {}],
  [
    'Anybody on IPv4 can reach HTTPS (TCP port 443)',
    { fromPort: 443, toPort: 443, peer: '0.0.0.0/0' },
  ],
  [
    'Addresses in 10.0.0.0/8 can reach TCP ports 1 to 99',
    { fromPort: 1, toPort: 99, peer: '10.0.0.0/8' },
  ],
  [
    '10.0.0.9 can reach everything',
    { protocol: '-1', fromPort: null, toPort: null, peer: '10.0.0.9/32' },
  ],
  ['Members of web can reach ping (ICMP)', { protocol: 'icmp', peer: 'sg-1', peerKind: 'group' }],
])('%s', (words, part) => {
  expect(ruleWords(rule(part), () => 'web')).toBe(words)
})

test.each<[boolean, Partial<Rule>]>([
  [true, { peer: '0.0.0.0/0' }],
  [true, { peer: '::/0' }],
  [true, { peer: '0.0.0.0/0', protocol: '-1', fromPort: null, toPort: null }],
  [true, { peer: '0.0.0.0/0', fromPort: 1, toPort: 65_535 }],
  [false, { peer: '0.0.0.0/0', fromPort: 443, toPort: 443 }],
  [false, { peer: '0.0.0.0/0', protocol: 'icmp', fromPort: -1, toPort: -1 }],
  [false, {}],
])('risk: %s for %j', (expected, part) => {
  expect(isRisky(rule(part))).toBe(expected)
})

test('what the API says becomes rules, and rules become what the API takes', () => {
  const rules = [
    rule({ description: 'mine' }),
    rule({ peer: '2001:db8::/32' }),
    rule({ peer: 'sg-0123', peerKind: 'group' }),
    rule({ peer: 'pl-0123', peerKind: 'list' }),
    rule({ protocol: '-1', fromPort: null, toPort: null }),
  ]
  expect(rulesOf(rules.map(permissionOf))).toEqual(rules)
})
