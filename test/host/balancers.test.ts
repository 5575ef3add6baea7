/**
 * A real load balancer in the network of a VPC: HAProxy in a namespace of its own, real clients and targets behind the
 * groups' rules; reloads under load, draining, failing targets, TLS by name, a second keeper that takes over.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import { request as httpsRequest, type RequestOptions } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createBalancerKeeper, type BalancerKeeper } from '../../src/balancing/keeper.ts'
import type { ListenerAction } from '../../src/domain/balancers/records.ts'
import type { BalancerPlan, TlsPlan } from '../../src/domain/balancers/plan.ts'
import type { VpcNetworkPlan } from '../../src/domain/network-plan.ts'
import { createFabric, type Fabric } from '../../src/fabric/fabric.ts'
import { authorityMake, serverCertificateMake } from '../../src/lib/certificates.ts'
import { exec } from '../../src/lib/exec.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { balancer, forward, group, listener, target } from '../unit/balancing/plans.ts'
import { ALLOW_ALL, cidrRule, groupId, groupRule, nicPlan, vpcPlan } from '../unit/fabric/plans.ts'
import { describeIsolated, guestStart, until, type Guest } from './fabric-host.ts'

const PUBLIC = '100.64.0.50'
const [A, B] = ['172.31.0.5', '172.31.0.6'] as const
const DNS = 'web-1.us-east-1.elb.amazonaws.com'
const USER = { uid: 1_400_000_001, gid: 1_400_000_001 }
const tls: TlsPlan = {
  certificateIds: ['one', 'two'],
  ...{ versionMin: 'TLSv1.2', versionMax: 'TLSv1.3', alpn: ['h2', 'http/1.1'] },
  ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256',
  ciphersuites: 'TLS_AES_128_GCM_SHA256',
}

interface Answer {
  status: number
  body: string
  headers: NodeJS.Dict<string | string[]>
  name: string
  certificate: string
}

function ask(path: string, options: RequestOptions & { isTls?: boolean } = {}): Promise<Answer> {
  const { isTls = false, ...more } = options
  const request = isTls ? httpsRequest : httpRequest
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: PUBLIC, path, agent: false, timeout: 5_000, rejectUnauthorized: false, ...more },
      (response) => {
        let body = ''
        const { socket } = response as unknown as {
          socket: { getPeerCertificate?: () => { subjectaltname?: string } }
        }
        const certificate = socket.getPeerCertificate?.().subjectaltname ?? ''
        response.on('data', (chunk: Buffer) => (body += chunk.toString()))
        response.on('end', () => {
          const { name = '' } = (body.startsWith('{') ? JSON.parse(body) : {}) as { name?: string }
          const { headers, statusCode: status = 0 } = response
          resolve({ status, body, headers, name, certificate })
        })
      },
    )
    asked.on('error', reject)
    asked.on('timeout', () => asked.destroy(new Error(`no answer to ${path}`)))
    asked.end()
  })
}

describeIsolated('load balancers', import.meta.url, () => {
  const balancerId = balancer([], []).balancerId
  const own = nicPlan(0xb0, '172.31.0.20', [3], {
    ...{ instanceId: null, balancerId },
    publicAddresses: [{ privateAddress: '172.31.0.20', publicAddress: PUBLIC }],
  })
  const [nicA, nicB] = [nicPlan(1, A, [1]), nicPlan(2, B, [2])]
  const network = (): VpcNetworkPlan => {
    const base = vpcPlan(1, [nicA, nicB, own], {
      // Targets let in the balancer's group alone; the balancer the world.
      1: { ingress: [groupRule('tcp', [80, 80], groupId(3))], egress: ALLOW_ALL },
      2: { ingress: [groupRule('tcp', [80, 80], groupId(3))], egress: ALLOW_ALL },
      3: { ingress: [cidrRule('tcp', [80, 90]), cidrRule('tcp', [443, 443])], egress: ALLOW_ALL },
    })
    return { ...base, dns: { ...base.dns, balancerNames: [{ name: DNS, address: PUBLIC }] } }
  }
  const targets = { a: target('ta', A), b: target('tb', B) }
  const authority = authorityMake('Test', {
    from: 0,
    to: Date.now() + 1e10,
    serial: Buffer.from([1]),
  })
  const certificates = ['one', 'two'].map((id, n) => {
    const valid = { from: 0, to: Date.now() + 1e10, serial: Buffer.from([2 + n]) }
    const made = serverCertificateMake(authority, [`${id}.example.com`], valid)
    return { id, pem: `${made.certificatePem}${made.privateKeyPem}` }
  })
  const rules = [
    {
      conditions: [{ field: 'path-pattern' as const, values: ['/fixed*'] }],
      action: {
        type: 'fixed-response' as const,
        ...{ status: 418, contentType: 'text/plain', body: "it's %[src]\n\tfixed" },
      },
    },
    {
      conditions: [{ field: 'host-header' as const, values: ['old.*'] }],
      action: {
        type: 'redirect' as const,
        ...{ protocol: 'HTTPS', host: 'new.#{host}', port: '443', path: '/x/#{path}' },
        ...{ query: '#{query}', status: 301 as const },
      },
    },
    {
      conditions: [{ field: 'http-header' as const, name: 'X-To', values: ['b'] }],
      action: forward([2]),
    },
  ]
  const plan = (more: Partial<BalancerPlan> = {}, ta = [targets.a], tb = [targets.b]) =>
    balancer(
      [
        listener(80, [...rules, { conditions: [], action: forward([1, 3], [2, 1]) }]),
        listener(81, [{ conditions: [], action: forward([3]) }]),
        listener(443, [{ conditions: [], action: forward([1]) }], { protocol: 'HTTPS', tls }),
      ],
      [group(1, ta), group(2, tb), group(3, [...ta, ...tb])],
      { certificates, ...more },
    )

  let fabric: Fabric
  let keeper: BalancerKeeper
  let folder: string
  let a: Guest
  let b: Guest
  const log = createLog({ level: 'error' })
  const keeperMake = () =>
    createBalancerKeeper({ folder, log, clock: systemClock, userOf: () => USER })
  const verdicts = async () => {
    const [status] = await keeper.status()
    return status!.targets.map(({ verdict, reason }) => reason ?? verdict)
  }
  const pid = (): number =>
    (JSON.parse(readFileSync(join(folder, balancerId, 'running.json'), 'utf8')) as { pid: number })
      .pid

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'brume-balancers-'))
    fabric = createFabric({ stateFolder: '/run/brume', log, clock: systemClock })
    keeper = keeperMake()
    await fabric.apply([network()])
    ;[a, b] = await Promise.all([guestStart(network(), nicA), guestStart(network(), nicB)])
    await Promise.all([a, b].map((guest) => guest.dhcp()))
    const script = join(import.meta.dirname, 'balancer-target.mjs')
    const serve = (guest: Guest, name: string) =>
      new Promise((resolve) =>
        guest.start(process.execPath, script, name).stdout.once('data', resolve),
      )
    // Without a listener first, as it is made.
    const made = keeper.apply([balancer([], [])])
    await Promise.all([serve(a, 'a'), serve(b, 'b'), made])
    expect((await keeper.status())[0]).toMatchObject({ isRunning: true, problem: null })
    await keeper.apply([plan()])
    await until(async () => (await verdicts()).every((one) => one === 'healthy'))
  }, 60_000)

  afterAll(async () => {
    await keeper?.removeAll()
    keeper?.close()
    for (const guest of [a, b]) await guest?.stop()
    await fabric?.removeAll()
    await fabric?.close()
    if (folder) rmSync(folder, { recursive: true })
  })

  test('rules answer, redirect and forward; targets hear of the client', async () => {
    expect(await ask('/fixed/1')).toMatchObject({ status: 418, body: "it's %[src]\n\tfixed" })
    const old = await ask('/a/b?c=d', { headers: { host: 'old.example.com' } })
    expect(old.status).toBe(301)
    expect(old.headers.location).toBe('https://new.old.example.com:443/x/a/b?c=d')
    const headers = { 'x-to': 'B', 'x-forwarded-for': '192.0.2.1' }
    const told = await ask('/told', { headers })
    expect(told.name).toBe('b')
    const heard = (JSON.parse(told.body) as { headers: Record<string, string> }).headers
    expect(heard['x-forwarded-for']).toBe('192.0.2.1, 100.64.0.1')
    expect(heard).toMatchObject({ 'x-forwarded-proto': 'http', 'x-forwarded-port': '80' })
    expect(heard['x-amzn-trace-id']).toMatch(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/)
  })

  test('weights share the requests; nobody but the balancer reaches a target', async () => {
    const names = await Promise.all(Array.from({ length: 200 }, async () => (await ask('/')).name))
    const share = names.filter((name) => name === 'a').length / names.length
    expect(share).toBeGreaterThan(0.6)
    expect(share).toBeLessThan(0.9)
    expect(await a.can('busybox', 'nc', '-w', '1', B, '80')).toBe(false)
    const answers = await a.run('busybox', ['nslookup', '-type=a', DNS, '172.31.0.2'])
    expect(answers).toContain(PUBLIC)
  })

  test('the certificate is that of the name which the client asks for', async () => {
    for (const [servername, wanted] of [
      ['two.example.com', 'two'],
      ['one.example.com', 'one'],
      ['other.example.com', 'one'],
    ]) {
      const answer = await ask('/', { isTls: true, servername })
      expect(answer.certificate).toBe(`DNS:${wanted}.example.com`)
      expect(answer.name).toBe('a')
    }
    const { stdout } = await exec('curl', [
      '-sk',
      '-w',
      '%{http_version}',
      '-o',
      '/dev/null',
      `https://${PUBLIC}/`,
    ])
    expect(stdout).toBe('2')
  })

  test('a reload loses no connection, and what drains ends what it has', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 4 })
    let isOn = true
    const statuses: number[] = []
    const load = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (isOn) statuses.push((await ask('/', { agent, port: 81 })).status)
      }),
    )
    const long = ask('/?wait=1500', { headers: { 'x-to': 'b' } })
    await until(() => statuses.length > 20)
    const before = pid()
    const draining = [{ serverName: 'tb', endsConnections: true }]
    const drained = plan({}, [targets.a], [])
    await keeper.apply([
      { ...drained, groups: drained.groups.map((one) => ({ ...one, draining })) },
    ])
    await keeper.apply([plan({ settings: { ...plan().settings, idleSeconds: 61 } })])
    const seen = statuses.length
    await until(() => statuses.length > seen + 20)
    isOn = false
    await load
    agent.destroy()
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect((await long).name).toBe('b')
    expect(pid()).toBe(before)
  })

  test('a target that fails its checks gets nothing, and comes back', async () => {
    const become = (health: number) =>
      a.run('busybox', ['wget', '-qO-', `http://127.0.0.1/become?health=${health}`])
    await become(500)
    // In each group that has it.
    await until(async () => (await verdicts()).filter((one) => one === 'code').length === 2)
    const [status] = await keeper.status()
    expect(status!.targets[0]).toMatchObject({ verdict: 'unhealthy', code: 500 })
    const names = await Promise.all(Array.from({ length: 10 }, () => ask('/', { port: 81 })))
    expect(new Set(names.map(({ name }) => name))).toEqual(new Set(['b']))
    // None of group 1 is healthy: all of them are asked rather than nobody.
    expect((await ask('/', { isTls: true })).name).toBe('a')
    await become(200)
    await until(async () => (await verdicts()).every((one) => one === 'healthy'))
  })

  test('cookies keep a client where it was; a WebSocket passes', async () => {
    const sticky = plan()
    const both = [targets.a, targets.b]
    const stay = { ...forward([1, 3], [2, 1]), stickySeconds: 60 } as ListenerAction
    await keeper.apply([
      {
        ...sticky,
        listeners: [
          listener(80, [{ conditions: [], action: stay }]),
          listener(81, [{ conditions: [], action: forward([3]) }]),
          listener(82, [{ conditions: [], action: forward([4]) }]),
        ],
        groups: [
          ...sticky.groups.slice(0, 2),
          group(3, both, { stickiness: { type: 'lb_cookie', seconds: 60 } }),
          group(4, both, { stickiness: { type: 'app_cookie', cookie: 'SESS', seconds: 60 } }),
        ],
      },
    ])
    await until(async () => (await verdicts()).every((one) => one === 'healthy'))
    for (const [port, path, name] of [
      [80, '/', 'AWSALBTG'],
      [81, '/', 'AWSALB'],
      [82, '/?cookie=SESS', 'AWSALBAPP-0'],
    ] as const) {
      const first = await ask(path, { port })
      const set = first.headers['set-cookie'] as string[]
      expect(set.some((one) => one.startsWith(`${name}=`))).toBe(true)
      const cookie = set.map((one) => one.split(';')[0]).join('; ')
      const asked = Array.from({ length: 8 }, () => ask('/', { port, headers: { cookie } }))
      const names = (await Promise.all(asked)).map((one) => one.name)
      expect(new Set(names)).toEqual(new Set([first.name]))
    }
    const heard = await new Promise<string>((resolve, reject) => {
      const key = { 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==', 'sec-websocket-version': '13' }
      const headers = { connection: 'upgrade', upgrade: 'websocket', ...key }
      const asked = httpRequest({ host: PUBLIC, port: 81, headers, agent: false })
      asked.on('error', reject)
      asked.on('response', ({ statusCode }) => reject(new Error(`answered ${statusCode}`)))
      asked.on('upgrade', (_response, socket) => {
        socket.on('data', (bytes: Buffer) => {
          resolve(bytes.toString())
          socket.destroy()
        })
        socket.write('hello')
      })
      asked.end()
    })
    expect(heard).toMatch(/^[ab] heard hello$/)
  })

  test('a network balancer passes what comes, also by TLS, to the targets of its zone', async () => {
    const tcp = { protocol: 'TCP' as const }
    const check = { protocol: 'TCP' as const, path: null, matcher: null }
    const [zone] = plan().nodes.map((node) => node.zone)
    const zonal = [target('na', A, { zone: zone! }), target('nb', B, { zone: 'us-east-1b' })]
    await keeper.apply([
      balancer(
        [
          listener(80, [{ conditions: [], action: forward([5]) }], tcp),
          listener(443, [{ conditions: [], action: forward([5]) }], { protocol: 'TLS', tls }),
        ],
        [group(5, zonal, tcp, check)],
        { type: 'network', isCrossZone: false, certificates },
      ),
    ])
    await until(async () => (await verdicts())[0] === 'healthy')
    const plain = await Promise.all(Array.from({ length: 4 }, () => ask('/')))
    expect(new Set(plain.map(({ name }) => name))).toEqual(new Set(['a']))
    const secure = await ask('/', { isTls: true, servername: 'two.example.com' })
    expect(secure).toMatchObject({ name: 'a', certificate: 'DNS:two.example.com' })
    const headers = (JSON.parse(plain[0]!.body) as { headers: object }).headers
    expect(headers).not.toHaveProperty('x-forwarded-for')
    await keeper.apply([plan({ settings: { ...plan().settings, idleSeconds: 61 } })])
  })

  test('its workers are nobody, locked in; another keeper takes it over, and starts it again', async () => {
    const first = pid()
    const children = readFileSync(`/proc/${first}/task/${first}/children`, 'utf8').trim().split(' ')
    const status = readFileSync(`/proc/${children.at(-1)}/status`, 'utf8')
    expect(status).toMatch(/^Uid:\t1400000001\t1400000001/m)
    expect(status).toMatch(/^CapEff:\t0{16}$/m)
    expect(status).toMatch(/^NoNewPrivs:\t1$/m)
    keeper.close()
    keeper = keeperMake()
    const now = plan({ settings: { ...plan().settings, idleSeconds: 61 } })
    await keeper.apply([now])
    expect(pid()).toBe(first)
    await ask('/fixed')
    expect((await keeper.status())[0]!.counters!.requests).toBeGreaterThan(0)
    // Started, and the daemon died before it wrote that down: there is one afterwards.
    rmSync(join(folder, balancerId, 'running.json'))
    keeper.close()
    keeper = keeperMake()
    await keeper.apply([now])
    const second = pid()
    expect(second).not.toBe(first)
    expect(() => process.kill(first, 0)).toThrow()
    process.kill(second, 'SIGKILL')
    await until(async () => !(await ask('/fixed').catch(() => null)))
    await keeper.apply([now])
    expect(pid()).not.toBe(second)
    expect((await ask('/fixed')).status).toBe(418)
    await keeper.apply([])
    await expect(ask('/fixed')).rejects.toThrow()
    expect(await keeper.status()).toEqual([])
  })
})
