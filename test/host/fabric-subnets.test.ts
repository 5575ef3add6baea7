/** What subnets do to packets: network ACLs, partial routes, secondary addresses, DHCP options. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { AclPlan, AclRulePlan, VpcNetworkPlan } from '../../src/domain/network-plan.ts'
import { createFabric } from '../../src/fabric/fabric.ts'
import type { Fabric } from '../../src/fabric/fabric.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { ALLOW_ALL, nicPlan, vpcPlan } from '../unit/fabric/plans.ts'
import { askFromHost, describeIsolated, guestStart } from './fabric-host.ts'
import type { Guest } from './fabric-host.ts'

const rule = (
  isAllow: boolean,
  protocol: string,
  ports: [number, number] | null = null,
  cidr = '0.0.0.0/0',
): AclRulePlan => ({
  isAllow,
  protocol,
  cidr,
  ports: ports && { from: ports[0], to: ports[1] },
  icmp: null,
})
const ALL = rule(true, '-1')
const NONE = rule(false, '-1')
const OPEN: AclPlan = { ingress: [ALL, NONE], egress: [ALL, NONE] }
const REPLIES = rule(true, '6', [1024, 65_535])

describeIsolated('subnets', import.meta.url, () => {
  const nicA = {
    ...nicPlan(1, '172.31.0.5', [1]),
    privateAddresses: ['172.31.0.5', '172.31.0.50'],
    publicAddresses: [
      { privateAddress: '172.31.0.5', publicAddress: '100.64.0.10' },
      { privateAddress: '172.31.0.50', publicAddress: '100.64.0.11' },
    ],
  }
  const nicB = nicPlan(2, '172.31.0.6', [1])
  const nicC = nicPlan(3, '172.31.16.7', [1])
  const base = vpcPlan(1, [nicA, nicB, nicC], { 1: { ingress: ALLOW_ALL } })
  /** The VPC with an ACL for the first subnet (of A and B) and one for the second (of C). */
  const withAcls = (first: AclPlan, second: AclPlan): VpcNetworkPlan => ({
    ...base,
    subnets: base.subnets.map((subnet, n) => ({ ...subnet, acl: n === 0 ? first : second })),
  })
  let fabric: Fabric
  let a: Guest
  let b: Guest
  let c: Guest
  const from = '172.31.0.0/20'

  beforeAll(async () => {
    const log = createLog({ level: 'warn' })
    fabric = createFabric({ stateFolder: '/run/brume', log, clock: systemClock })
    await fabric.apply([withAcls(OPEN, OPEN)])
    a = await guestStart(base, nicA)
    b = await guestStart(base, nicB)
    c = await guestStart(base, nicC)
    for (const guest of [a, b, c]) {
      await guest.dhcp()
      await guest.serve(80)
    }
  }, 60_000)

  afterAll(async () => {
    for (const guest of [a, b, c]) await guest?.stop()
    await fabric?.removeAll()
    await fabric?.close()
  })

  test('an ACL that lets everything pass costs nothing', async () => {
    expect(await fabric.diagnostics(base.vpcId)).not.toContain('acl')
    expect(await a.ask('172.31.16.7', 80)).toBe('172.31.0.5')
  })

  test('ACLs are stateless: an answer needs a rule of its own', async () => {
    const http = rule(true, '6', [80, 80], from)
    await fabric.apply([withAcls(OPEN, { ingress: [http, NONE], egress: [NONE] })])
    expect(await a.ask('172.31.16.7', 80)).toBeNull()
    await fabric.apply([withAcls(OPEN, { ingress: [http, NONE], egress: [REPLIES, NONE] })])
    expect(await a.ask('172.31.16.7', 80)).toBe('172.31.0.5')
    // C may answer and nothing else.
    expect(await c.ask('172.31.0.5', 80)).toBeNull()
  })

  test('entries are judged in their order', async () => {
    const notA = rule(false, '6', [80, 80], '172.31.0.5/32')
    const acl = (...ingress: AclRulePlan[]) => withAcls(OPEN, { ingress, egress: [ALL, NONE] })
    await fabric.apply([acl(notA, ALL, NONE)])
    expect(await a.ask('172.31.16.7', 80)).toBeNull()
    expect(await b.ask('172.31.16.7', 80)).toBe('172.31.0.6')
    await fabric.apply([acl(ALL, notA, NONE)])
    expect(await a.ask('172.31.16.7', 80)).toBe('172.31.0.5')
  })

  test('neighbours and the platform are not judged; the internet is', async () => {
    expect(await askFromHost('100.64.0.10', 80)).not.toBeNull()
    const closed = { ingress: [NONE], egress: [NONE] }
    await fabric.apply([withAcls(closed, closed)])
    expect(await a.ask('172.31.0.6', 80)).toBe('172.31.0.5')
    expect(await a.ask('172.31.16.7', 80)).toBeNull()
    expect(await askFromHost('100.64.0.10', 80)).toBeNull()
    expect(await a.dhcp()).toMatchObject({ ip: '172.31.0.5' })
    await fabric.apply([withAcls(OPEN, OPEN)])
    expect(await a.ask('172.31.16.7', 80)).toBe('172.31.0.5')
  })

  test('ICMP by type', async () => {
    const ping = (guest: Guest, to: string) =>
      guest.can('busybox', 'ping', '-c', '1', '-W', '1', to)
    const typed = (type: number): AclRulePlan => ({
      ...rule(true, '1'),
      icmp: { type, code: -1 },
    })
    const only = (type: number) =>
      withAcls(OPEN, { ingress: [typed(type), NONE], egress: [ALL, NONE] })
    await fabric.apply([only(8)])
    expect(await ping(a, '172.31.16.7')).toBe(true)
    expect(await ping(c, '172.31.0.5')).toBe(false)
    await fabric.apply([only(0)])
    expect(await ping(a, '172.31.16.7')).toBe(false)
    expect(await ping(c, '172.31.0.5')).toBe(true)
    await fabric.apply([base])
  })

  test('a secondary address answers, and so does its public one', async () => {
    await a.run('ip', ['address', 'add', '172.31.0.50/32', 'dev', 'eth0'])
    expect(await b.ask('172.31.0.50', 80)).toBe('172.31.0.6')
    expect(await askFromHost('100.64.0.11', 80)).not.toBeNull()
    const less = { privateAddresses: ['172.31.0.5'], publicAddresses: [] }
    const single = base.interfaces.map((nic, n) => (n === 0 ? { ...nic, ...less } : nic))
    await fabric.apply([{ ...base, interfaces: single }])
    expect(await b.ask('172.31.0.50', 80)).toBeNull()
    expect(await askFromHost('100.64.0.11', 80)).toBeNull()
    await fabric.apply([base])
    expect(await b.ask('172.31.0.50', 80)).toBe('172.31.0.6')
  })

  test('a route to the internet for some destinations only', async () => {
    const routed = (...routes: VpcNetworkPlan['subnets'][number]['routes']) => ({
      ...base,
      subnets: base.subnets.map((subnet) => ({ ...subnet, routes })),
    })
    const pool = { cidr: '100.64.0.0/16', target: { type: 'internet' as const } }
    const other = { cidr: '198.51.100.0/24', target: { type: 'internet' as const } }
    await fabric.apply([routed(other)])
    expect(await askFromHost('100.64.0.10', 80)).toBeNull()
    await fabric.apply([routed(pool)])
    expect(await askFromHost('100.64.0.10', 80)).not.toBeNull()
    const dead = { cidr: '100.64.0.0/24', target: { type: 'nowhere' as const } }
    await fabric.apply([routed(dead, pool)])
    expect(await askFromHost('100.64.0.10', 80)).toBeNull()
    await fabric.apply([base])
  })

  test('a NAT gateway is a way out for many, and no way in', async () => {
    // "The internet" is a guest of another VPC; C and A have no public address of their own.
    const nat = '100.64.0.77'
    const remoteNic = {
      ...nicPlan(9, '172.31.0.9', [1]),
      publicAddresses: [{ privateAddress: '172.31.0.9', publicAddress: '100.64.0.90' }],
    }
    const other = vpcPlan(2, [remoteNic], { 1: { ingress: ALLOW_ALL } })
    const target = { type: 'nat' as const, publicAddresses: [nat] }
    const natted = (...routes: VpcNetworkPlan['subnets'][number]['routes']) => ({
      ...base,
      interfaces: base.interfaces.map((nic) => ({ ...nic, publicAddresses: [] })),
      subnets: base.subnets.map((subnet) => ({ ...subnet, routes })),
    })
    await fabric.apply([natted({ cidr: '0.0.0.0/0', target }), other])
    const remote = await guestStart(other, remoteNic)
    try {
      await remote.dhcp()
      await remote.serve(80)
      expect(await a.ask('100.64.0.90', 80)).toBe(nat)
      expect(await c.ask('100.64.0.90', 80)).toBe(nat)
      expect(await remote.ask(nat, 80)).toBeNull()
      expect(await askFromHost(nat, 80)).toBeNull()
      expect(await a.ask('172.31.16.7', 80)).toBe('172.31.0.5')
      const dead = { cidr: '100.64.0.90/32', target: { type: 'nowhere' as const } }
      await fabric.apply([natted(dead, { cidr: '0.0.0.0/0', target }), other])
      expect(await a.ask('100.64.0.90', 80)).toBeNull()
      await fabric.apply([natted({ cidr: '100.64.0.64/26', target }), other])
      expect(await a.ask('100.64.0.90', 80)).toBe(nat)
      // Of several addresses each new connection takes the next; a guest's answers come to all of them.
      const three = { type: 'nat' as const, publicAddresses: [nat, '100.64.0.78', '100.64.0.79'] }
      await fabric.apply([natted({ cidr: '0.0.0.0/0', target: three }), other])
      const seen = new Set<string | null>()
      for (let n = 0; n < 6; n++) seen.add(await a.ask('100.64.0.90', 80))
      expect([...seen].sort()).toEqual(three.publicAddresses)
      for (const each of three.publicAddresses) expect(await askFromHost(each, 80)).toBeNull()
      await fabric.apply([natted(), other])
      expect(await a.ask('100.64.0.90', 80)).toBeNull()
    } finally {
      await remote.stop()
      await fabric.apply([base])
    }
  })

  test('DHCP options reach the guests', async () => {
    await fabric.apply([
      {
        ...base,
        dns: {
          isServed: true,
          domain: 'corp.example',
          servers: ['172.31.0.9', '172.31.0.10'],
          ntpServers: ['172.31.0.11'],
          netbios: { servers: ['172.31.0.12'], nodeType: 2 },
        },
      },
    ])
    expect(await a.dhcp()).toMatchObject({
      ip: '172.31.0.5',
      dns: '172.31.0.9 172.31.0.10',
      domain: 'corp.example',
      ntpsrv: '172.31.0.11',
    })
  })
})
