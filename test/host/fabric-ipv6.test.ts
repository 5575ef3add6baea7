/** IPv6 on a real kernel: router advertisements, DHCPv6, names, the way out, and what a guest may not say. */
import { readFile } from 'node:fs/promises'
import type { Server } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  namespaceOf,
  type InterfacePlan,
  type VpcNetworkPlan,
} from '../../src/domain/network-plan.ts'
import { createFabric, type Fabric } from '../../src/fabric/fabric.ts'
import { listenTcp } from '../../src/fabric/namespace-sockets.ts'
import { exec } from '../../src/lib/exec.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { ALLOW_ALL, cidrRule, nicPlan, vpcPlan } from '../unit/fabric/plans.ts'
import { askFromHost, describeIsolated, guestStart, until, type Guest } from './fabric-host.ts'

/** Behind the host's default route, with documentation addresses (RFC 3849). */
const INTERNET = '2001:db8:1::1'
const HOST_UPLINK = '2001:db8:1::2'
const HOST_SEEN = 'fd62:7275:6d00::1'
const VPC = 'fd62:7275:6d00:100::/56'
const A = 'fd62:7275:6d00:101::a'
const B = 'fd62:7275:6d00:102::b'

describeIsolated('IPv6', import.meta.url, () => {
  const nicA = nicPlan(1, '172.31.0.5', [1], { ipv6Addresses: [A] })
  const nicB = nicPlan(2, '172.31.16.6', [1])
  const inB = (nic: InterfacePlan): InterfacePlan => ({
    ...nic,
    subnetId: plain.subnets[1]!.subnetId,
  })
  const all = [...ALLOW_ALL, cidrRule('-1', null, '::/0')]
  const groups = { 1: { ingress: all, egress: all } }
  const plain = vpcPlan(1, [nicA, nicB], groups)
  const [first, second] = plain.subnets
  const to6 = (type: 'internet' | 'egressOnly') => ({ cidr: '::/0', target: { type } }) as const
  const six = (
    ipv6OfB: string[],
    routeOfB: 'internet' | 'egressOnly' | null = 'internet',
  ): VpcNetworkPlan => ({
    ...plain,
    cidrs: [...plain.cidrs, VPC],
    dns: {
      ...plain.dns,
      resourceNames: [
        { name: 'i-0123456789abcdef0.ec2.internal', address: A },
        { name: 'i-0123456789abcdef0.ec2.internal', address: '172.31.0.5' },
      ],
    },
    subnets: [
      {
        ...first!,
        cidr6: 'fd62:7275:6d00:101::/64',
        routes: [...first!.routes, to6('internet')],
      },
      {
        ...second!,
        cidr6: 'fd62:7275:6d00:102::/64',
        routes: [...second!.routes, ...(routeOfB ? [to6(routeOfB)] : [])],
      },
    ],
    interfaces: [nicA, { ...inB(nicB), ...(ipv6OfB.length > 0 && { ipv6Addresses: ipv6OfB }) }],
  })
  const whole = six([B])
  const commands: string[][] = []
  let fabric: Fabric
  let a: Guest
  let b: Guest
  let internetServer: Server

  const inside = async (...command: string[]) =>
    (await exec('ip', ['netns', 'exec', namespaceOf(plain.vpcId), ...command])).stdout
  const conf = async (name: string) =>
    (await readFile(`/proc/sys/net/ipv6/conf/${name}`, 'utf8')).trim()
  const fabricNew = () =>
    createFabric({
      stateFolder: '/run/brume',
      log: createLog({ level: 'warn' }),
      clock: systemClock,
      run: (command, args, options) => {
        commands.push([command, ...args])
        return exec(command, args, options)
      },
    })

  beforeAll(async () => {
    await exec('ip', ['netns', 'add', 'internet'])
    await exec('ip', ['-batch', '-'], {
      input: `link add wan0 type veth peer name wan1 netns internet
addr add ${HOST_UPLINK}/64 dev wan0 nodad
link set wan0 up
`,
    })
    await exec('ip', ['-n', 'internet', '-batch', '-'], {
      input: `addr add ${INTERNET}/64 dev wan1 nodad
link set wan1 up
link set lo up
`,
    })
    await exec('ip', ['-6', 'route', 'add', 'default', 'via', INTERNET])
    internetServer = await listenTcp('internet', { address: INTERNET, port: 80 })
    internetServer.on('connection', (socket) => {
      socket.once('data', () => socket.end(`HTTP/1.0 200 OK\r\n\r\n${socket.remoteAddress}`))
      socket.on('error', () => {})
    })
    fabric = fabricNew()
    // First without any IPv6: the machines are there when the VPC gets it.
    await fabric.apply([plain])
    a = await guestStart(plain, nicA)
    b = await guestStart(plain, { ...nicB, ipv6Addresses: [B] })
    for (const guest of [a, b]) {
      await guest.dhcp()
      await guest.serve(80)
    }
  }, 60_000)

  afterAll(async () => {
    await a?.stop()
    await b?.stop()
    await fabric?.removeAll()
    await fabric?.close()
    internetServer?.close()
  })

  test('a VPC without it has none, and its guests hear nothing of it', async () => {
    expect(await inside('cat', '/proc/net/if_inet6')).toBe('')
    expect(await a.run('ip', ['-6', 'route', 'show', 'default'])).toBe('')
    expect(await conf('all/forwarding')).toBe('0')
  })

  test('router advertisements and DHCPv6 give a running guest its address', async () => {
    await fabric.apply([whole])
    const lease = await a.dhcp6()
    expect(lease).toMatchObject({
      new_dhcp6_ia_na1_ia_addr1: A,
      new_dhcp6_ia_na1_ia_addr1_vltime: '450',
      new_dhcp6_name_servers: 'fd00:ec2::253',
      new_dhcp6_domain_search: 'ec2.internal',
    })
    expect(await a.run('ip', ['-6', 'route', 'show', 'default'])).toContain('via fe80::1')
    expect(await b.dhcp6()).toMatchObject({ new_dhcp6_ia_na1_ia_addr1: B })
    expect(await a.ask(B, 80)).toBe(A)
    expect(await b.ask(A, 80)).toBe(B)
  })

  test('names: AAAA of an instance’s id, its reverse, and none of the IPv4 name', async () => {
    const ask = (...words: string[]) =>
      a.run('busybox', ['nslookup', ...words, 'fd00:ec2::253']).catch(String)
    expect(await ask('-type=aaaa', 'i-0123456789abcdef0.ec2.internal')).toContain(A)
    expect(await ask('-type=a', 'i-0123456789abcdef0.ec2.internal')).toContain('172.31.0.5')
    expect(await ask(A)).toContain('i-0123456789abcdef0.ec2.internal')
    expect(await ask('-type=a', 'ip-172-31-0-5.ec2.internal')).toContain('172.31.0.5')
    expect(await ask('-type=aaaa', 'ip-172-31-0-5.ec2.internal')).not.toContain('fd62:')
  })

  test('out by the host’s address, in only by the internet gateway', async () => {
    expect(await a.ask(INTERNET, 80)).toBe(HOST_UPLINK)
    expect(await askFromHost(A, 80)).toBe(HOST_SEEN)
    await fabric.apply([six([B], 'egressOnly')])
    expect(await b.ask(INTERNET, 80)).toBe(HOST_UPLINK)
    expect(await askFromHost(B, 80)).toBeNull()
    await fabric.apply([six([B], null)])
    expect(await b.ask(INTERNET, 80)).toBeNull()
    expect(await b.ask(A, 80)).toBe(B)
    await fabric.apply([whole])
    // A dead address of the pool never leaves the host.
    const route = exec('ip', ['-6', 'route', 'get', 'fd62:7275:6d00:999::1'])
    await expect(route).rejects.toThrow(/Invalid argument|unreachable/)
  })

  test('a host without IPv6 says so at once', async () => {
    await exec('ip', ['-6', 'route', 'del', 'default'])
    await fabric.apply([whole], { isVerified: true })
    const ping = await a
      .run('busybox', ['ping', '-6', '-c', '1', '-W', '3', INTERNET])
      .catch(String)
    expect(ping).not.toContain('1 packets received')
    const call = a.run('busybox', ['nc', '-w', '8', '2001:db8:9::9', '80'])
    await expect(call).rejects.toThrow(/unreachable|No route/)
    await exec('ip', ['-6', 'route', 'add', 'default', 'via', INTERNET])
    await fabric.apply([whole], { isVerified: true })
    expect(await a.ask(INTERNET, 80)).toBe(HOST_UPLINK)
  })

  test('a guest speaks for itself only', async () => {
    const from = (guest: Guest, address: string) =>
      guest.can('busybox', 'ping', '-6', '-c', '1', '-W', '1', '-I', address, B)
    expect(await from(a, A)).toBe(true)
    const strange = 'fd62:7275:6d00:101::bad'
    await a.run('ip', ['addr', 'add', `${strange}/128`, 'dev', 'eth0', 'nodad'])
    expect(await from(a, strange)).toBe(false)
    await a.run('ip', ['addr', 'del', `${strange}/128`, 'dev', 'eth0'])
    // What a guest advertises as a router is not heard: the guard stands before whatever could count it.
    const spy =
      'add table inet spy; add chain inet spy seen { type filter hook prerouting priority -400; };' +
      ' add rule inet spy seen iifname "t*" icmpv6 type nd-router-solicit counter;' +
      ' add rule inet spy seen iifname "t*" icmpv6 type nd-router-advert counter'
    await inside('nft', spy)
    await a.run('ip', ['addr', 'add', '2001:db8:5::1/64', 'dev', 'eth0', 'nodad'])
    const announcer = a.start(
      ...(['dnsmasq', '-k', '-C', '/dev/null', '-p0', '-i', 'eth0', '--log-facility=-'] as const),
      ...['--enable-ra', '--dhcp-range=2001:db8:5::,ra-only'],
    )
    await new Promise<void>((resolve) => {
      announcer.stderr.on('data', (text) => String(text).includes('RTR-ADVERT') && resolve())
      announcer.once('exit', () => resolve())
    })
    expect(announcer.exitCode).toBeNull()
    // A solicitation, which is allowed, shows that the spy counts.
    await a.dhcp6()
    const counted = await inside('nft', 'list', 'table', 'inet', 'spy')
    expect(counted).toMatch(/nd-router-solicit counter packets [1-9]/)
    expect(counted).toMatch(/nd-router-advert counter packets 0 /)
    await inside('nft', 'delete table inet spy')
    await a.run('ip', ['addr', 'del', '2001:db8:5::1/64', 'dev', 'eth0'])
    expect(await b.ask(A, 80)).toBe(B)
    announcer.kill('SIGKILL')
  })

  test('the same plan, read back, changes nothing; a new daemon takes over', async () => {
    const rules = await inside('nft', 'list', 'ruleset')
    commands.length = 0
    await fabric.apply([whole], { isVerified: true })
    const batches = commands.filter((command) => command.includes('-batch'))
    expect(batches).toEqual([])
    const connection = a.start('busybox', 'nc', B, '80')
    await fabric.close()
    fabric = fabricNew()
    commands.length = 0
    await fabric.apply([whole])
    expect(commands.filter((command) => command.includes('-batch'))).toEqual([])
    expect((await inside('nft', 'list', 'ruleset')).length).toBe(rules.length)
    expect(connection.exitCode).toBeNull()
    connection.stdin.end('GET /cgi-bin/who HTTP/1.0\r\n\r\n')
    const [answer] = await new Promise<string[]>((resolve) => {
      const seen: string[] = []
      connection.stdout.on('data', (chunk) => seen.push(String(chunk)))
      connection.once('exit', () => resolve([seen.join('')]))
    })
    expect(answer).toContain(A)
  })

  test('DHCP options of both families reach the guests', async () => {
    const own = ['172.31.0.9', 'fd62:7275:6d00:101::9']
    const dns = { ...whole.dns, servers: own, ipv6LeaseSeconds: 600, domain: 'corp.example' }
    await fabric.apply([{ ...whole, dns }])
    expect(await a.dhcp6()).toMatchObject({
      new_dhcp6_ia_na1_ia_addr1_vltime: '600',
      new_dhcp6_name_servers: 'fd62:7275:6d00:101::9',
      new_dhcp6_domain_search: 'corp.example',
    })
    expect(await a.dhcp()).toMatchObject({ dns: '172.31.0.9', domain: 'corp.example' })
    await fabric.apply([whole])
  })

  test('an address that goes over to another guest is given to it at once', async () => {
    const next = 'fd62:7275:6d00:102::c'
    await fabric.apply([six([next])])
    expect(await b.dhcp6()).toMatchObject({ new_dhcp6_ia_na1_ia_addr1: next })
    // In one subnet: the second guest's address is taken by the first, which asks by another name.
    const moved = six([])
    const swapped: VpcNetworkPlan = {
      ...moved,
      interfaces: [{ ...inB(nicA), ipv6Addresses: [next] }, moved.interfaces[1]!],
    }
    await fabric.apply([swapped])
    await a.run('ip', ['-6', 'addr', 'flush', 'dev', 'eth0', 'scope', 'global'])
    expect(await a.dhcp6()).toMatchObject({ new_dhcp6_ia_na1_ia_addr1: next })
    await fabric.apply([whole])
  })

  test('broken by hand, repaired', async () => {
    const state = async () =>
      [
        await inside('ip', '-6', 'route', 'show', 'table', 'all', 'proto', '183'),
        await inside('ip', '-6', '-br', 'addr'),
        (await exec('ip', ['-6', 'route', 'show', 'proto', '183'])).stdout,
      ].join('')
    const before = await state()
    await inside('ip', '-6', 'route', 'del', `${A}/128`)
    await inside('ip', 'addr', 'del', 'fd00:ec2::253/128', 'dev', 'lo')
    await exec('ip', ['-6', 'route', 'del', `${B}/128`])
    await exec('ip', ['-6', 'route', 'del', 'blackhole', 'fd62:7275:6d00::/40'])
    expect(await state()).not.toBe(before)
    await fabric.apply([whole], { isVerified: true })
    await until(async () => (await state()).length === before.length)
  })

  test('when the last VPC of it goes, the host is as it was', async () => {
    expect(await conf('all/forwarding')).toBe('1')
    await fabric.apply([plain])
    expect(await conf('all/forwarding')).toBe('0')
    expect((await exec('ip', ['-6', 'route', 'show', 'proto', '183'])).stdout).toBe('')
    expect((await exec('nft', ['list', 'table', 'inet', 'brume'])).stdout).not.toContain('ip6')
  })
})
