/** The fabric on a real kernel: what guests of one VPC get, and whom they reach, is what the plan says. */
import { createSocket } from 'node:dgram'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { GroupRulePlan, VpcNetworkPlan } from '../../src/domain/network-plan.ts'
import { createFabric } from '../../src/fabric/fabric.ts'
import type { Fabric } from '../../src/fabric/fabric.ts'
import { bindUdp } from '../../src/fabric/namespace-sockets.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { ALLOW_ALL, cidrRule, groupId, groupRule, nicPlan, vpcPlan } from '../unit/fabric/plans.ts'
import { describeIsolated, guestStart, RESOLVER, until } from './fabric-host.ts'
import type { Guest } from './fabric-host.ts'

describeIsolated('guests of one VPC', import.meta.url, () => {
  const nicA = nicPlan(1, '172.31.0.5', [1])
  const nicB = nicPlan(2, '172.31.16.6', [2])
  const open = vpcPlan(1, [nicA, nicB], { 1: { ingress: ALLOW_ALL }, 2: { ingress: ALLOW_ALL } })
  const rules = (ingressOfB: GroupRulePlan[], egressOfA = ALLOW_ALL): VpcNetworkPlan =>
    vpcPlan(1, [nicA, nicB], { 1: { egress: egressOfA }, 2: { ingress: ingressOfB } })
  let fabric: Fabric
  let a: Guest
  let b: Guest

  beforeAll(async () => {
    fabric = createFabric({
      stateFolder: '/run/brume',
      log: createLog({ level: 'warn' }),
      clock: systemClock,
    })
    await fabric.apply([open])
    a = await guestStart(open, nicA)
    b = await guestStart(open, nicB)
    await a.dhcp()
    await b.dhcp()
    await b.serve(80)
    await b.serve(81)
  }, 30_000)

  afterAll(async () => {
    await a?.stop()
    await b?.stop()
    await fabric?.removeAll()
    await fabric?.close()
  })

  /** What arrives at `to` from `from` by UDP within a moment: the sender's address, or null. */
  const arrives = async (
    from: { guest: Guest; address: string; port?: number },
    to: { guest: Guest; port: number },
  ): Promise<string | null> => {
    const sender = await bindUdp(from.guest.name, { address: from.address, port: from.port ?? 0 })
    const receiver = await bindUdp(to.guest.name, { address: '0.0.0.0', port: to.port })
    try {
      const heard = new Promise<string | null>((resolve) => {
        receiver.once('message', (_, peer) => resolve(peer.address))
        setTimeout(() => resolve(null), 300)
      })
      sender.send('hello', to.port, to.guest.nic.privateAddresses[0]!)
      return await heard
    } finally {
      sender.close()
      receiver.close()
    }
  }

  test('DHCP gives each guest its own address, its subnet’s mask and router, and our services', async () => {
    expect(await b.dhcp()).toMatchObject({
      ip: '172.31.16.6',
      subnet: '255.255.240.0',
      router: '172.31.16.1',
      dns: '172.31.0.2',
      domain: 'ec2.internal',
      hostname: 'ip-172-31-16-6',
      ntpsrv: '169.254.169.123',
      mtu: '1500',
      lease: '3600',
    })
    expect(await a.dhcp()).toMatchObject({ ip: '172.31.0.5', router: '172.31.0.1' })
    expect(await fabric.diagnostics(open.vpcId)).toContain('172.31.0.5 ip-172-31-0-5')
  })

  test('a lease can be released and had again; a MAC nobody knows gets none', async () => {
    await a.run('busybox', ['udhcpc', '-f', '-q', '-n', '-R', '-i', 'eth0', '-s', '/bin/true'])
    expect(await a.dhcp()).toMatchObject({ ip: '172.31.0.5' })
    await a.run('ip', ['link', 'set', 'eth0', 'address', '02:00:00:00:00:99'])
    const argumentsOf = [
      'udhcpc',
      '-f',
      '-q',
      '-n',
      '-i',
      'eth0',
      '-s',
      '/bin/true',
      '-t',
      '2',
      '-T',
      '1',
    ]
    expect(await a.can('busybox', ...argumentsOf)).toBe(false)
    await a.run('ip', ['link', 'set', 'eth0', 'address', nicA.mac])
    expect(await a.dhcp()).toMatchObject({ ip: '172.31.0.5' })
  })

  test('DNS answers private names both ways and asks outside for public ones only', async () => {
    const asked: string[] = []
    const upstream = createSocket('udp4')
    upstream.on('message', (query, peer) => {
      asked.push(nameIn(query))
      upstream.send(answerOf(query, [203, 0, 113, 7]), peer.port, peer.address)
    })
    await new Promise<void>((resolve) => upstream.bind(53, RESOLVER, resolve))
    const look = (name: string, server: string): Promise<string> =>
      a.run('busybox', ['nslookup', name, server])
    try {
      for (const server of ['172.31.0.2', '169.254.169.253']) {
        expect(await look('ip-172-31-16-6.ec2.internal', server)).toContain('Address: 172.31.16.6')
        expect(await look('172.31.16.6', server)).toContain('ip-172-31-16-6.ec2.internal')
        expect(await look('www.example.com', server)).toContain('203.0.113.7')
      }
      // No AAAA is "no such record", never "no such name": some resolvers would give up.
      expect(await queryCode(a, 'ip-172-31-16-6.ec2.internal', 28)).toBe(0)
      expect(await queryCode(a, 'nobody.ec2.internal', 1)).toBe(3)
      await expect(look('secret.ec2.internal', '172.31.0.2')).rejects.toThrow()
      await expect(look('172.31.99.99', '172.31.0.2')).resolves.toContain('ip-172-31-99-99')
      await expect(look('10.9.8.7', '172.31.0.2')).rejects.toThrow()
      expect(new Set(asked)).toEqual(new Set(['www.example.com']))
    } finally {
      upstream.close()
    }
  })

  test('a server in the VPC sees which guest asks, and its answers carry the hop limit', async () => {
    const server = await fabric.listenInNamespace(open.vpcId, {
      address: '169.254.169.254',
      port: 80,
    })
    server.on('connection', (socket) => {
      const peer = socket.remoteAddress
      socket.once('data', () => socket.end(`HTTP/1.0 200 OK\r\n\r\n${peer}`))
    })
    try {
      await a.run('nft', ['-f', '-'], {
        input: `table ip seen {
  chain input {
    type filter hook input priority 0
    ip saddr 169.254.169.254 ip ttl 2 counter
    ip saddr 169.254.169.254 ip ttl != 2 counter
  }
}
`,
      })
      expect(await a.ask('169.254.169.254', 80)).toBe('172.31.0.5')
      const seen = await a.run('nft', ['list', 'table', 'ip', 'seen'])
      expect(seen).toMatch(/ttl 2 counter packets [1-9]/)
      expect(seen).toMatch(/ttl != 2 counter packets 0/)
      expect(await b.ask('169.254.169.254', 80)).toBe('172.31.16.6')
    } finally {
      server.close()
    }
  })

  test('time is told at 169.254.169.123', async () => {
    const socket = await bindUdp(a.name, { address: '0.0.0.0', port: 0 })
    try {
      const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve))
      const question = Buffer.alloc(48)
      question[0] = 0x23
      socket.send(question, 123, '169.254.169.123')
      const seconds = (await answer).readUInt32BE(40) - 2_208_988_800
      expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(2)
    } finally {
      socket.close()
    }
  })

  test('ingress rules: port, source and their removal', async () => {
    await fabric.apply([rules([cidrRule('tcp', [80, 80])])])
    expect(await a.ask('172.31.16.6', 80)).toBe('172.31.0.5')
    expect(await a.ask('172.31.16.6', 81)).toBeNull()
    await fabric.apply([rules([cidrRule('tcp', [80, 81], '172.31.0.4/31')])])
    expect(await a.ask('172.31.16.6', 81)).toBe('172.31.0.5')
    await fabric.apply([rules([cidrRule('tcp', [80, 81], '172.31.0.6/31')])])
    expect(await a.ask('172.31.16.6', 81)).toBeNull()
    await fabric.apply([rules([])])
    expect(await a.ask('172.31.16.6', 80)).toBeNull()
  })

  test('egress rules hold at the sender, also when the receiver would allow it', async () => {
    await fabric.apply([rules(ALLOW_ALL, [cidrRule('tcp', [80, 80])])])
    expect(await a.ask('172.31.16.6', 80)).toBe('172.31.0.5')
    expect(await a.ask('172.31.16.6', 81)).toBeNull()
    await fabric.apply([rules(ALLOW_ALL, [])])
    expect(await a.ask('172.31.16.6', 80)).toBeNull()
    // The platform's services are beyond groups.
    expect(await a.can('busybox', 'nslookup', 'ip-172-31-0-5.ec2.internal', '172.31.0.2')).toBe(
      true,
    )
  })

  test('a rule that names a group admits its members, until they leave', async () => {
    const byGroup = [groupRule('tcp', [80, 80], groupId(1))]
    await fabric.apply([rules(byGroup)])
    expect(await a.ask('172.31.16.6', 80)).toBe('172.31.0.5')
    const left = vpcPlan(1, [{ ...nicA, groupIds: [groupId(3)] }, nicB], {
      1: {},
      2: { ingress: byGroup },
      3: {},
    })
    await fabric.apply([left])
    expect(await a.ask('172.31.16.6', 80)).toBeNull()
  })

  test('ICMP by type', async () => {
    const ping = ['ping', '-c1', '-W1', '172.31.16.6'] as const
    await fabric.apply([rules([cidrRule('icmp', [8, -1])])])
    expect(await a.can('busybox', ...ping)).toBe(true)
    await fabric.apply([rules([cidrRule('icmp', [13, -1])])])
    expect(await a.can('busybox', ...ping)).toBe(false)
  })

  /** Says a line through a connection A→B:90, changes the rules, and tells whether another still arrives. */
  const survives = async (before: GroupRulePlan[], after: GroupRulePlan[]): Promise<boolean> => {
    await fabric.apply([rules(before)])
    let heard = ''
    const server = b.start('busybox', 'nc', '-l', '-p', '90')
    server.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()))
    await until(async () => (await b.run('busybox', ['netstat', '-ltn'])).includes(':90 '))
    const client = a.start('busybox', 'nc', '172.31.16.6', '90')
    client.stdin.write('one\n')
    await until(() => heard === 'one\n')
    await fabric.apply([rules(after)])
    client.stdin.write('two\n')
    const isHeard = await until(() => heard === 'one\ntwo\n', 1000).then(
      () => true,
      () => false,
    )
    client.kill('SIGKILL')
    server.kill('SIGKILL')
    return isHeard
  }

  test('connections outlive their rule when AWS tracks them, and end with it when not', async () => {
    const tracked = cidrRule('tcp', [90, 90], '172.31.0.0/16')
    expect(await survives([tracked], [])).toBe(true)
    expect(await survives([cidrRule('tcp', [90, 90])], [])).toBe(false)
    // Another rule takes over: nothing is cut.
    expect(await survives([cidrRule('tcp', [90, 90])], [tracked])).toBe(true)
  })

  test('a guest cannot speak as another: address, MAC, ARP, DHCP server', async () => {
    await fabric.apply([open])
    expect(await arrives({ guest: a, address: '172.31.0.5' }, { guest: b, port: 7000 })).toBe(
      '172.31.0.5',
    )
    await a.run('ip', ['address', 'add', '172.31.0.77/32', 'dev', 'eth0'])
    const spoof = { guest: a, address: '172.31.0.77' }
    expect(await arrives(spoof, { guest: b, port: 7000 })).toBeNull()
    const unchecked = {
      ...open,
      interfaces: [{ ...nicA, isSourceDestChecked: false }, open.interfaces[1]!],
    }
    await fabric.apply([unchecked])
    expect(await arrives(spoof, { guest: b, port: 7000 })).toBe('172.31.0.77')
    await fabric.apply([open])

    const arping = ['arping', '-c', '1', '-w', '1', '-I', 'eth0'] as const
    expect(await a.can('busybox', ...arping, '172.31.0.1')).toBe(true)
    expect(await a.can('busybox', ...arping, '-s', '172.31.0.77', '172.31.0.1')).toBe(false)
    await a.run('ip', ['address', 'del', '172.31.0.77/32', 'dev', 'eth0'])

    const asServer = { guest: a, address: '172.31.0.5', port: 67 }
    expect(await arrives(asServer, { guest: b, port: 68 })).toBeNull()

    await a.run('ip', ['link', 'set', 'eth0', 'address', '02:00:00:00:00:77'])
    expect(await arrives({ guest: a, address: '172.31.0.5' }, { guest: b, port: 7000 })).toBeNull()
    await a.run('ip', ['link', 'set', 'eth0', 'address', nicA.mac])
    await a.dhcp()
    expect(await arrives({ guest: a, address: '172.31.0.5' }, { guest: b, port: 7000 })).toBe(
      '172.31.0.5',
    )
  })

  test('reachability follows the guest', { timeout: 30_000 }, async () => {
    await fabric.apply([open])
    const isReachable = (): boolean | undefined =>
      fabric.reachability().get(nicA.interfaceId)?.isReachable
    await until(() => isReachable() === true)
    await a.run('ip', ['link', 'set', 'eth0', 'down'])
    await until(async () => {
      await fabric.probeReachability()
      return isReachable() === false
    }, 20_000)
    await a.run('ip', ['link', 'set', 'eth0', 'up'])
    await a.dhcp()
    await until(() => isReachable() === true)
  })
})

function nameIn(query: Buffer): string {
  const labels: string[] = []
  for (let at = 12; query[at]! > 0; at += query[at]! + 1) {
    labels.push(query.toString('latin1', at + 1, at + 1 + query[at]!))
  }
  return labels.join('.')
}

/** The response code of a question from a guest: 0 an answer (perhaps an empty one), 3 no such name. */
async function queryCode(guest: Guest, name: string, type: number): Promise<number> {
  const labels = name.split('.').map((label) => `${String.fromCharCode(label.length)}${label}`)
  const head = Buffer.from([0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  const query = Buffer.concat([
    head,
    Buffer.from(`${labels.join('')}\0\0${String.fromCharCode(type)}\0\x01`, 'latin1'),
  ])
  const socket = await bindUdp(guest.name, { address: '0.0.0.0', port: 0 })
  try {
    const answer = new Promise<Buffer>((resolve) => socket.once('message', resolve))
    socket.send(query, 53, '172.31.0.2')
    return (await answer)[3]! & 15
  } finally {
    socket.close()
  }
}

/** An A record for any question, by a pointer to its name. */
function answerOf(query: Buffer, address: number[]): Buffer {
  const end = 12 + nameIn(query).length + 2 + 4
  const isA = query.readUInt16BE(end - 4) === 1
  const head = Buffer.from(query.subarray(0, end))
  head.writeUInt16BE(0x8180, 2)
  head.writeUInt16BE(isA ? 1 : 0, 6)
  head.writeUInt16BE(0, 10)
  if (!isA) return head
  return Buffer.concat([head, Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...address])])
}
