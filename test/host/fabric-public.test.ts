/** Public addresses and what lies around a VPC: the host, the internet, another VPC with the same blocks. */
import { createServer } from 'node:net'
import type { Server } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { InterfacePlan } from '../../src/domain/network-plan.ts'
import { createFabric } from '../../src/fabric/fabric.ts'
import type { Fabric } from '../../src/fabric/fabric.ts'
import { listenTcp } from '../../src/fabric/namespace-sockets.ts'
import { exec } from '../../src/lib/exec.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { ALLOW_ALL, cidrRule, groupId, groupRule, nicPlan, vpcPlan } from '../unit/fabric/plans.ts'
import { askFromHost, describeIsolated, guestStart } from './fabric-host.ts'
import type { Guest } from './fabric-host.ts'

/** The "internet": a namespace behind the host's default route, with documentation addresses (RFC 5737). */
const INTERNET = '198.51.100.1'
const HOST_UPLINK = '198.51.100.2'
const HOST_SEEN = '100.64.0.1'

describeIsolated('public addresses', import.meta.url, () => {
  const withPublic = (nic: InterfacePlan, publicAddress: string): InterfacePlan => ({
    ...nic,
    publicAddresses: [{ privateAddress: nic.privateAddresses[0]!, publicAddress }],
  })
  const nicA = withPublic(nicPlan(1, '172.31.0.5', [1]), '100.64.0.10')
  const nicB = withPublic(nicPlan(2, '172.31.0.6', [1]), '100.64.0.11')
  /** No public address. */
  const nicC = nicPlan(3, '172.31.0.7', [1])
  /** Another VPC with the same block, and a guest with the address of A's neighbour B. */
  const nicD = withPublic(nicPlan(4, '172.31.0.6', [9]), '100.64.0.20')
  const allOpen = { 1: { ingress: ALLOW_ALL } }
  const vpc = vpcPlan(1, [nicA, nicB, nicC], allOpen)
  const other = vpcPlan(2, [nicD], { 9: { ingress: ALLOW_ALL } })
  let fabric: Fabric
  let a: Guest
  let b: Guest
  let c: Guest
  let d: Guest
  let hostServer: Server
  let internetServer: Server
  const callers: string[] = []

  beforeAll(async () => {
    await exec('ip', ['netns', 'add', 'internet'])
    await exec('ip', ['-batch', '-'], {
      input: `link add wan0 type veth peer name wan1 netns internet
addr add ${HOST_UPLINK}/24 dev wan0
link set wan0 up
`,
    })
    await exec('ip', ['-n', 'internet', '-batch', '-'], {
      input: `addr add ${INTERNET}/24 dev wan1
link set wan1 up
link set lo up
route add 100.64.0.0/16 via ${HOST_UPLINK}
`,
    })
    await exec('ip', ['route', 'add', 'default', 'via', INTERNET])
    internetServer = await listenTcp('internet', { address: INTERNET, port: 80 })
    const who = (server: Server): void => {
      server.on('connection', (socket) => {
        callers.push(socket.remoteAddress ?? '')
        socket.once('data', () => socket.end(`HTTP/1.0 200 OK\r\n\r\n${socket.remoteAddress}`))
        socket.on('error', () => {})
      })
    }
    who(internetServer)
    hostServer = createServer()
    who(hostServer)
    await new Promise<void>((resolve) => hostServer.listen(4566, '0.0.0.0', resolve))
    fabric = createFabric({
      stateFolder: '/run/brume',
      log: createLog({ level: 'warn' }),
      clock: systemClock,
    })
    await fabric.apply([vpc, other])
    a = await guestStart(vpc, nicA)
    b = await guestStart(vpc, nicB)
    c = await guestStart(vpc, nicC)
    d = await guestStart(other, nicD)
    for (const guest of [a, b, c, d]) {
      await guest.dhcp()
      await guest.serve(80)
    }
  }, 60_000)

  afterAll(async () => {
    for (const guest of [a, b, c, d]) await guest?.stop()
    await fabric?.removeAll()
    await fabric?.close()
    hostServer?.close()
    internetServer?.close()
  })

  test('the host reaches a public address; the guest sees the host’s own address of the pool', async () => {
    expect(await askFromHost('100.64.0.10', 80)).toBe(HOST_SEEN)
    expect(await askFromHost('100.64.0.20', 80)).toBe(HOST_SEEN)
  })

  test('a dead address never leaves the host', async () => {
    const route = exec('ip', ['route', 'get', '100.64.7.7'])
    await expect(route).rejects.toThrow(/Invalid argument/)
    expect(await askFromHost('100.64.7.7', 80)).toBeNull()
  })

  test('guests reach their own and each other’s public addresses, seen as public', async () => {
    expect(await a.ask('100.64.0.11', 80)).toBe('100.64.0.10')
    expect(await a.ask('100.64.0.10', 80)).toBe('100.64.0.10')
    expect(await a.ask('100.64.0.20', 80)).toBe('100.64.0.10')
    expect(await a.ask('172.31.0.6', 80)).toBe('172.31.0.5')
  })

  test('rules see the real source: a group does not match its members’ public addresses', async () => {
    const ingress = [groupRule('tcp', [80, 80], groupId(1))]
    await fabric.apply([vpcPlan(1, [nicA, nicB, nicC], { 1: { ingress } }), other])
    expect(await a.ask('172.31.0.6', 80)).toBe('172.31.0.5')
    expect(await a.ask('100.64.0.11', 80)).toBeNull()
    const hostOnly = [cidrRule('tcp', [80, 80], `${HOST_SEEN}/32`)]
    await fabric.apply([vpcPlan(1, [nicA, nicB, nicC], { 1: { ingress: hostOnly } }), other])
    expect(await askFromHost('100.64.0.10', 80)).toBe(HOST_SEEN)
    expect(await b.ask('100.64.0.10', 80)).toBeNull()
    await fabric.apply([vpc, other])
  })

  test('the internet: out by the host’s address, in by the public one, and only with both', async () => {
    expect(await a.ask(INTERNET, 80)).toBe(HOST_UPLINK)
    expect(await c.ask(INTERNET, 80)).toBeNull()
    const fromInternet = (address: string): Promise<boolean> =>
      exec('ip', ['netns', 'exec', 'internet', 'busybox', 'nc', '-w', '1', address, '80']).then(
        () => true,
        () => false,
      )
    expect(await fromInternet('100.64.0.10')).toBe(true)
    expect(await fromInternet('100.64.7.7')).toBe(false)
    const closed = vpcPlan(1, [nicA, nicB, nicC], allOpen, {
      subnets: vpc.subnets.map((subnet) => ({ ...subnet, routes: [] })),
    })
    await fabric.apply([closed, other])
    expect(await a.ask(INTERNET, 80)).toBeNull()
    expect(await askFromHost('100.64.0.10', 80)).toBeNull()
    expect(await a.ask('172.31.0.6', 80)).toBe('172.31.0.5')
    await fabric.apply([vpc, other])
    expect(await a.ask(INTERNET, 80)).toBe(HOST_UPLINK)
  })

  test('no guest reaches a service of the host, by whatever address', async () => {
    expect(await askFromHost(HOST_UPLINK, 4566)).toBe(HOST_UPLINK)
    const hostAddresses = [HOST_UPLINK, HOST_SEEN, '169.254.0.2', '169.254.0.3', '172.31.0.1']
    const reached = await Promise.all(
      [a, c].flatMap((guest) => hostAddresses.map((address) => guest.ask(address, 4566))),
    )
    expect(reached.filter((answer) => answer !== null)).toEqual([])
    // It is our table that keeps them out, and it comes back.
    await exec('nft', ['delete', 'table', 'inet', 'brume'])
    expect(await a.ask(HOST_UPLINK, 4566)).toBe('100.64.0.10')
    await fabric.apply([vpc, other], { isVerified: true })
    expect(await a.ask(HOST_UPLINK, 4566)).toBeNull()
  })

  test('equal blocks of two VPCs never meet', async () => {
    // B and D share an address; A reaches its own VPC's.
    expect(await a.ask('172.31.0.6', 80)).toBe('172.31.0.5')
    await b.stop()
    expect(await a.ask('172.31.0.6', 80)).toBeNull()
    expect(await d.ask('172.31.0.5', 80)).toBeNull()
    expect(await d.ask(INTERNET, 80)).toBe(HOST_UPLINK)
  })
})
