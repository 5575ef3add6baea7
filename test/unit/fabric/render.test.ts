/** The fabric's texts, whole: a change of a rule, a route or a DHCP option shows here first. */
import { expect, test } from 'vitest'
import { filterChange } from '../../../src/fabric/render/changes.ts'
import { linkChanges, wantedInNamespace, wantedOnHost } from '../../../src/fabric/render/links.ts'
import {
  renderDnsmasq,
  renderDnsmasqHost,
  renderDnsmasqNames,
} from '../../../src/fabric/render/dnsmasq.ts'
import { spareTapNameOf, tapNameOf } from '../../../src/domain/network-plan.ts'
import { withoutIpv6 } from '../../../src/fabric/render/families.ts'
import {
  removeTable,
  renderFilter,
  renderGuard,
  renderHost,
} from '../../../src/fabric/render/nft.ts'
import { ALLOW_ALL, cidrRule, groupId, groupRule, nicPlan, vpcPlan } from './plans.ts'

const NOTHING = { links: new Map(), routes: new Set<string>() }
const web = nicPlan(1, '172.31.0.5', [1, 2], {
  publicAddresses: [{ privateAddress: '172.31.0.5', publicAddress: '100.64.0.10' }],
})
const router = nicPlan(2, '172.31.16.6', [2], {
  isSourceDestChecked: false,
  privateAddresses: ['172.31.16.6', '172.31.16.7'],
  metadata: { isEnabled: true, hopLimit: 64 },
})
const stopped = nicPlan(3, '172.31.16.8', [2], { isLive: false })
const plan = vpcPlan(1, [web, router, stopped], {
  1: {
    ingress: [
      cidrRule('tcp', [443, 443]),
      cidrRule('tcp', [22, 22], '198.51.100.0/24'),
      cidrRule('udp', [1000, 2000], '10.0.0.0/8'),
      cidrRule('icmp', [8, 0]),
      cidrRule('icmp', [-1, -1], '192.0.2.1/32'),
      cidrRule('50'),
      cidrRule('-1', null, '2001:db8::/32'),
      cidrRule('icmpv6', [-1, -1]),
    ],
  },
  2: {
    ingress: [groupRule('-1', null, groupId(2)), groupRule('tcp', [5432, 5432], groupId(7))],
    egress: [...ALLOW_ALL, cidrRule('tcp', [25, 25], '203.0.113.0/24')],
  },
  4: {},
})

test('rules of a VPC', () => {
  expect(renderGuard(plan, 'flows')).toMatchSnapshot('guard')
  expect(renderFilter(plan, 'flows')).toMatchSnapshot('filter')
})

test('rules of an empty VPC', () => {
  const empty = vpcPlan(1, [], {})
  expect(renderGuard(empty, 'flows') + renderFilter(empty, 'flows')).toMatchSnapshot()
})

test('rules of the host, with and without a way out', () => {
  const host = { publicPool: '100.64.0.0/16', resolvers: ['192.0.2.53'] }
  expect(renderHost({ ...host, uplink: 'eth0', isForwarding: false })).toMatchSnapshot('uplink')
  expect(renderHost({ ...host, uplink: null, isForwarding: true, resolvers: [] })).toMatchSnapshot(
    'island',
  )
  expect(removeTable()).toMatchSnapshot('removed')
})

test('links of a VPC from nothing', () => {
  expect(linkChanges(wantedInNamespace(plan, 'flows'), NOTHING)).toMatchSnapshot('namespace')
  const host = wantedOnHost([plan], {
    publicPool: '100.64.0.0/16',
    ipv6Pool: 'fd62:7275:6d00::/40',
  })
  expect(linkChanges(host, NOTHING)).toMatchSnapshot('host')
})

test('a TAP is the user’s as whom its machine opens it', () => {
  const [nic, ...others] = plan.interfaces.filter((one) => one.isLive)
  const owned = { ...plan, interfaces: [{ ...nic!, tapOwner: 1_500_000_001 }, ...others] }
  const lines = linkChanges(wantedInNamespace(owned, 'flows'), NOTHING)
  expect(lines).toContain(`tuntap add dev ${tapNameOf(nic!.interfaceId)} mode tap user 1500000001`)
})

test('a TAP that was made ahead gets its name, and is then as any other', () => {
  const [nic] = plan.interfaces.filter((one) => one.isLive)
  const spared = {
    ...plan,
    interfaces: plan.interfaces.map((one) =>
      one.interfaceId === nic!.interfaceId ? { ...one, hasSpareTap: true } : one,
    ),
  }
  const [spare, name] = [spareTapNameOf(nic!.interfaceId), tapNameOf(nic!.interfaceId)]
  const made = linkChanges(wantedInNamespace(plan, 'flows'), NOTHING)
  const renamed = linkChanges(wantedInNamespace(spared, 'flows'), NOTHING)
  expect(renamed).toContain(`link set ${spare} name ${name}`)
  expect(renamed.map((line) => line.replace(`link set ${spare} name`, 'tuntap add dev'))).toEqual(
    made.map((line) => line.replace(`add dev ${name} mode tap`, `add dev ${name}`)),
  )
  expect(linkChanges(wantedInNamespace(plan, 'flows'), wantedInNamespace(spared, 'flows'))).toEqual(
    [],
  )
})

test.each([
  ['queue', ['link add one txqueuelen'], ['tuntap', 'veth']],
  ['tap', ['tuntap add dev one'], ['type ifb', 'veth']],
  ['veth', ['type veth peer name one netns other'], ['tuntap', 'ifb']],
] as const)('a link of kind %s is made as one, once', (kind, said, unsaid) => {
  const link = { kind, isUp: true, addresses: [], ...(kind === 'veth' && { peer: 'other' }) }
  const wanted = { links: new Map([['one', link]]), routes: new Set<string>() }
  const lines = linkChanges(wanted, NOTHING)
  const made = lines.filter((line) => /^(?:link|tuntap) add /.test(line))
  expect(made).toHaveLength(1)
  for (const words of said) expect(made[0]).toContain(words)
  for (const words of unsaid) expect(lines.join()).not.toContain(words)
})

test('dnsmasq’s configuration', () => {
  const files = { folder: '/run/x/vpc', user: 'dnsmasq', upstreams: ['192.0.2.53'] }
  expect(renderDnsmasq(plan, files)).toMatchSnapshot('served')
  const own = { isServed: false, domain: 'example.com', servers: ['10.0.0.9'], ntpServers: [] }
  expect(
    renderDnsmasq({ ...plan, region: 'eu-west-3', dns: own }, { ...files, upstreams: [] }),
  ).toMatchSnapshot('own servers')
  expect(renderDnsmasqHost(web)).toBe('02:00:00:00:00:01,172.31.0.5,ip-172-31-0-5\n')
  expect(renderDnsmasqHost(web, ['02:00:00:00:00:09'])).toBe(
    '02:00:00:00:00:01,02:00:00:00:00:09,172.31.0.5,ip-172-31-0-5\n',
  )
})

test('routes to an interface and over a peering are a table of the subnet', () => {
  const { interfaceId } = router
  const to = { type: 'interface', interfaceId, address: '172.31.16.6' } as const
  const [first, second] = plan.subnets
  const routes = [
    { cidr: '10.9.0.0/16', target: { type: 'peer', index: 2 } as const },
    { cidr: '192.0.2.0/24', target: to },
    { cidr: '198.51.100.0/24', target: { type: 'nowhere' } as const },
    { cidr: '0.0.0.0/0', target: { type: 'internet' } as const },
  ]
  const peers = [{ vpcId: plan.vpcId, index: 2, cidrs: ['10.9.0.0/16'], groups: [] }]
  const routed = { ...plan, peers, subnets: [{ ...first!, routes }, second!] }
  expect(
    linkChanges(wantedInNamespace(routed, 'flows'), wantedInNamespace(plan, 'flows')).join('\n'),
  ).toMatchSnapshot()
})

test('a changed rule is a change of its chain', () => {
  const before = renderFilter(plan, 'flows')
  const more = plan.groups.map((group) =>
    group.groupId === groupId(1)
      ? { ...group, ingress: [...group.ingress, cidrRule('tcp', [8443, 8443])] }
      : group,
  )
  expect(filterChange(before, renderFilter({ ...plan, groups: more }, 'flows'))).toMatchSnapshot()
  expect(filterChange(before, before)).toBe('')
  expect(filterChange(null, before)).toBe(before)
})

test('IPv6 of a VPC, and of the host', () => {
  const [first, second] = plan.subnets
  const six = {
    ...plan,
    cidrs: [...plan.cidrs, 'fd62:7275:6d00:100::/56'],
    dns: {
      ...plan.dns,
      resourceNames: [{ name: 'i-1.ec2.internal', address: 'fd62:7275:6d00:101::a' }],
    },
    subnets: [
      {
        ...first!,
        cidr6: 'fd62:7275:6d00:101::/64',
        routes: [
          ...first!.routes,
          { cidr: '2001:db8::/32', target: { type: 'nowhere' } as const },
          { cidr: '::/0', target: { type: 'egressOnly' } as const },
        ],
        acl: {
          ingress: [
            {
              isAllow: true,
              protocol: '58',
              cidr: '::/0',
              ports: null,
              icmp: { type: 128, code: -1 },
            },
            { isAllow: true, protocol: '-1', cidr: '0.0.0.0/0', ports: null, icmp: null },
          ],
          egress: [
            { isAllow: true, protocol: '-1', cidr: '0.0.0.0/0', ports: null, icmp: null },
            { isAllow: true, protocol: '-1', cidr: '::/0', ports: null, icmp: null },
          ],
        },
      },
      second!,
    ],
    interfaces: plan.interfaces.map((nic) =>
      nic.interfaceId === web.interfaceId
        ? { ...nic, ipv6Addresses: ['fd62:7275:6d00:101::a'] }
        : nic,
    ),
    groups: plan.groups.map((group) =>
      group.groupId === groupId(1)
        ? {
            ...group,
            memberAddresses: [...group.memberAddresses, 'fd62:7275:6d00:101::a'],
            ingress: [
              ...group.ingress,
              cidrRule('tcp', [443, 443], '::/0'),
              cidrRule('icmp', [-1, -1], '::/0'),
            ],
          }
        : group,
    ),
  }
  expect(renderGuard(six, 'flows')).toMatchSnapshot('guard')
  expect(filterChange(renderFilter(plan, 'flows'), renderFilter(six, 'flows'))).toMatchSnapshot(
    'filter',
  )
  expect(
    linkChanges(wantedInNamespace(six, 'flows'), wantedInNamespace(plan, 'flows')),
  ).toMatchSnapshot('links')
  const pools = { publicPool: '100.64.0.0/16', ipv6Pool: 'fd62:7275:6d00::/40' }
  expect(linkChanges(wantedOnHost([six], pools), wantedOnHost([plan], pools))).toMatchSnapshot(
    'host',
  )
  const files = { folder: '/run/x/vpc', user: 'dnsmasq', upstreams: [] }
  expect(renderDnsmasq(six, files)).toMatchSnapshot('dnsmasq')
  expect(renderDnsmasqHost(six.interfaces[0]!)).toBe(
    '02:00:00:00:00:01,172.31.0.5,[fd62:7275:6d00:101::a],ip-172-31-0-5\n',
  )
  expect(renderDnsmasqNames(six)).toBe('fd62:7275:6d00:101::a i-1.ec2.internal\n')
  const host = { publicPool: '100.64.0.0/16', uplink: 'eth0', isForwarding: true, resolvers: [] }
  const ipv6 = { pool: pools.ipv6Pool, uplink: 'eth1', isForwarding: false }
  expect(renderHost({ ...host, ipv6 })).toMatchSnapshot('host rules')
  // Without a kernel that has it, nothing of it is said.
  expect(renderFilter(withoutIpv6(six), 'flows')).not.toMatch(/ip6|ipv6/)
})
