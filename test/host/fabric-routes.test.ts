/** Routes that do not leave by the internet: to an interface, over a peering, through a private NAT gateway. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { SubnetId } from '../../src/domain/ids.ts'
import type { PeerPlan, RoutePlan, VpcNetworkPlan } from '../../src/domain/network-plan.ts'
import { createFabric } from '../../src/fabric/fabric.ts'
import type { Fabric } from '../../src/fabric/fabric.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { ALLOW_ALL, groupId, groupRule, nicPlan, vpcPlan } from '../unit/fabric/plans.ts'
import { describeIsolated, guestStart, until } from './fabric-host.ts'
import type { Guest } from './fabric-host.ts'

describeIsolated('inner routes', import.meta.url, () => {
  // A and the router in the first subnet, B in the second; D in another VPC.
  const nicA = nicPlan(1, '172.31.0.5', [1])
  const router = nicPlan(2, '172.31.0.6', [1], { isSourceDestChecked: false })
  const nicB = nicPlan(3, '172.31.16.7', [1])
  const nicD = nicPlan(4, '10.9.0.7', [2])
  const OPEN = { ingress: ALLOW_ALL }
  const plain = vpcPlan(1, [nicA, router, nicB], { 1: OPEN })
  const subnetD = {
    subnetId: 'subnet-0000000000000000d' as SubnetId,
    cidr: '10.9.0.0/24',
    gateway: '10.9.0.1',
  }
  const farOf = (ingress = ALLOW_ALL, routes: RoutePlan[] = []): VpcNetworkPlan =>
    vpcPlan(
      2,
      [nicD],
      { 2: { ingress } },
      {
        cidrs: ['10.9.0.0/16'],
        subnets: [{ ...subnetD, routes } as VpcNetworkPlan['subnets'][number]],
      },
    )
  const peerOf = (plan: VpcNetworkPlan): PeerPlan => {
    return { vpcId: plan.vpcId, index: plan.index, cidrs: plan.cidrs, groups: plan.groups }
  }
  const far = farOf()
  const routed = (first: RoutePlan[], second: RoutePlan[] = [], peers: PeerPlan[] = []) => ({
    ...plain,
    peers,
    subnets: plain.subnets.map((subnet, n) => ({ ...subnet, routes: n === 0 ? first : second })),
  })
  const backToA: RoutePlan = { cidr: '172.31.0.0/16', target: { type: 'peer', index: 1 } }
  const toD: RoutePlan = { cidr: '10.9.0.0/16', target: { type: 'peer', index: 2 } }
  const peered = (first: RoutePlan[], second: RoutePlan[] = [], back = [backToA]) => [
    routed(first, second, [peerOf(far)]),
    { ...farOf(ALLOW_ALL, back), peers: [peerOf(plain)] },
  ]
  let fabric: Fabric
  let a: Guest
  let b: Guest
  let d: Guest
  let r: Guest

  beforeAll(async () => {
    const log = createLog({ level: 'warn' })
    fabric = createFabric({ stateFolder: '/run/brume', log, clock: systemClock })
    await fabric.apply([plain, far])
    a = await guestStart(plain, nicA)
    r = await guestStart(plain, router)
    b = await guestStart(plain, nicB)
    d = await guestStart(far, nicD)
    for (const guest of [a, r, b, d]) {
      await guest.dhcp()
      await guest.serve(80)
    }
    await r.run('busybox', ['sysctl', '-w', 'net.ipv4.ip_forward=1'])
  }, 60_000)

  afterAll(async () => {
    for (const guest of [a, r, b, d]) await guest?.stop()
    await fabric?.removeAll()
    await fabric?.close()
  })

  const toRouter = (cidr: string): RoutePlan => {
    const { interfaceId, privateAddresses } = router
    return { cidr, target: { type: 'interface', interfaceId, address: privateAddresses[0]! } }
  }

  test('a route to an interface: the guest behind it forwards, the rest goes as before', async () => {
    // An address that only the router knows.
    await r.run('ip', ['address', 'add', '192.0.2.80/32', 'dev', 'lo'])
    expect(await b.ask('192.0.2.80', 80)).toBeNull()
    await fabric.apply([routed([], [toRouter('192.0.2.0/24')]), far])
    expect(await b.ask('192.0.2.80', 80)).toBe('172.31.16.7')
    expect(await a.ask('192.0.2.80', 80)).toBeNull()
    expect(await b.ask('172.31.0.5', 80)).toBe('172.31.16.7')
    await fabric.apply([plain, far])
    expect(await b.ask('192.0.2.80', 80)).toBeNull()
  })

  test('a NAT instance: everything of a subnet leaves by it, as it', async () => {
    const own = { privateAddress: '172.31.0.6', publicAddress: '100.64.0.66' }
    const remote = {
      ...nicD,
      publicAddresses: [{ privateAddress: '10.9.0.7', publicAddress: '100.64.0.99' }],
    }
    const internet: RoutePlan = { cidr: '0.0.0.0/0', target: { type: 'internet' } }
    const there = {
      ...farOf(ALLOW_ALL, [internet]),
      interfaces: farOf().interfaces.map((nic) => ({
        ...nic,
        publicAddresses: remote.publicAddresses,
      })),
    }
    const here = routed([internet], [toRouter('0.0.0.0/0')])
    const interfaces = here.interfaces.map((nic) =>
      nic.interfaceId === router.interfaceId ? { ...nic, publicAddresses: [own] } : nic,
    )
    await r.run('nft', [
      'add table ip nat; add chain ip nat out { type nat hook postrouting priority 100; }; add rule ip nat out oifname eth0 ip saddr 172.31.16.0/20 masquerade',
    ])
    await fabric.apply([{ ...here, interfaces }, there])
    expect(await b.ask('100.64.0.99', 80)).toBe('100.64.0.66')
    expect(await b.ask('172.31.0.5', 80)).toBe('172.31.16.7')
    // With the check on, what is not its own does not come out of the router.
    const checked = interfaces.map((nic) => ({ ...nic, isSourceDestChecked: true }))
    await r.run('nft', ['flush', 'table', 'ip', 'nat'])
    await fabric.apply([{ ...here, interfaces: checked }, there])
    expect(await b.ask('100.64.0.99', 80)).toBeNull()
    await fabric.apply([plain, far])
  })

  test('a peering carries what both sides route, by the rules of both', async () => {
    await fabric.apply(peered([], []))
    expect(await b.ask('10.9.0.7', 80)).toBeNull()
    await fabric.apply(peered([], [toD]))
    expect(await b.ask('10.9.0.7', 80)).toBe('172.31.16.7')
    expect(await a.ask('10.9.0.7', 80)).toBeNull()
    // Without a way back there is no answer.
    await fabric.apply(peered([], [toD], []))
    expect(await b.ask('10.9.0.7', 80)).toBeNull()
    // A rule there that names a group here.
    const member = farOf([groupRule('tcp', [80, 80], groupId(1))], [backToA])
    await fabric.apply([routed([toD], [toD], [peerOf(far)]), { ...member, peers: [peerOf(plain)] }])
    expect(await b.ask('10.9.0.7', 80)).toBe('172.31.16.7')
    expect(await a.ask('10.9.0.7', 80)).toBe('172.31.0.5')
    const nobody = { ...peerOf(plain), groups: [] }
    await fabric.apply([routed([toD], [toD], [peerOf(far)]), { ...member, peers: [nobody] }])
    expect(await b.ask('10.9.0.7', 80)).toBeNull()
  })

  test('a peering that ends ends at once, and one that somebody broke is whole again', async () => {
    const both = peered([], [toD])
    await fabric.apply(both)
    expect(await b.ask('10.9.0.7', 80)).toBe('172.31.16.7')
    await fabric.apply([plain, far])
    expect(await b.ask('10.9.0.7', 80)).toBeNull()
    expect(await fabric.diagnostics(plain.vpcId)).not.toContain('peer')
    await fabric.apply(both)
    await fabric.apply(both, { isVerified: true })
    const { exec } = await import('../../src/lib/exec.ts')
    await exec('ip', ['-n', `brume-${plain.vpcId}`, 'link', 'del', 'peer2'])
    expect(await b.ask('10.9.0.7', 80)).toBeNull()
    await fabric.apply(both, { isVerified: true })
    expect(await b.ask('10.9.0.7', 80)).toBe('172.31.16.7')
    await fabric.apply([plain, far])
  })

  test('public names stand for private addresses where the plan says so', async () => {
    const name = 'ec2-100-64-0-10.compute-1.amazonaws.com'
    const reverse = { name: 'mail.example.com', address: '100.64.0.10' }
    const publicNames = [{ name, address: '172.31.16.7' }]
    const dns = { ...plain.dns, publicNames, reverseNames: [reverse] }
    await fabric.apply([{ ...plain, dns }, far])
    const ask = (what: string) => a.run('busybox', ['nslookup', what, '172.31.0.2'])
    await until(async () => (await ask(name).catch(() => '')).includes('172.31.16.7'))
    expect(await ask('172.31.16.7')).toContain('ip-172-31-16-7.ec2.internal')
    expect(await ask('ip-172-31-16-7.ec2.internal')).toContain('172.31.16.7')
    // A public address has the name that its owner gave it, and none of a private one.
    expect(await ask(reverse.address)).toMatch(/name = mail\.example\.com/)
    expect(await ask(reverse.name)).toContain(reverse.address)
    await fabric.apply([plain, far])
    await until(async () => !(await ask(name).catch(() => '')).includes('172.31.16.7'))
  })

  test('a private NAT gateway stands for its subnet on the way to a peer', async () => {
    const target = {
      type: 'privateNat' as const,
      addresses: ['172.31.0.200'],
      next: { type: 'peer' as const, index: 2 },
    }
    await fabric.apply(peered([], [{ cidr: '10.9.0.0/16', target }]))
    expect(await b.ask('10.9.0.7', 80)).toBe('172.31.0.200')
    expect(await d.ask('172.31.0.200', 80)).toBeNull()
    expect(await b.ask('172.31.0.5', 80)).toBe('172.31.16.7')
    const two = { ...target, addresses: ['172.31.0.200', '172.31.0.201'] }
    await fabric.apply(peered([], [{ cidr: '10.9.0.0/16', target: two }]))
    const seen = new Set<string | null>()
    for (let n = 0; n < 4; n++) seen.add(await b.ask('10.9.0.7', 80))
    expect([...seen].sort()).toEqual(two.addresses)
    await fabric.apply([plain, far])
  })
})
