/** VPC endpoints as guests without internet meet them: names, plain and TLS, by the groups of both sides. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { HostAgent } from '../../src/agent/protocol.ts'
import type { AclPlan, AclRulePlan, VpcNetworkPlan } from '../../src/domain/network-plan.ts'
import { createFabric, type Fabric } from '../../src/fabric/fabric.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { serveEndpoints, type EndpointService } from '../../src/main/endpoint-service.ts'
import { ALLOW_ALL, cidrRule, groupId, groupRule, nicPlan, vpcPlan } from '../unit/fabric/plans.ts'
import { describeIsolated, guestStart, type Guest } from './fabric-host.ts'

const NAME = 'ec2.us-east-1.amazonaws.com'
const ADDRESS = '172.31.16.40'

describeIsolated('endpoints', import.meta.url, () => {
  const nicA = nicPlan(1, '172.31.0.5', [1])
  const nicB = nicPlan(2, '172.31.0.6', [2])
  const interfaceId = nicPlan(9, ADDRESS, []).interfaceId
  const https = cidrRule('tcp', [443, 443], '172.31.0.0/16')
  const fromA = groupRule('tcp', [80, 80], groupId(1))
  const planOf = (ingress = [https, fromA], egress = ALLOW_ALL): VpcNetworkPlan => {
    const groups = { 1: { egress }, 2: {}, 3: { ingress, egress: [] } }
    const base = vpcPlan(1, [nicA, nicB], groups)
    return {
      ...base,
      subnets: base.subnets.map((subnet) => ({ ...subnet, routes: [] })),
      endpoints: [
        {
          interfaceId,
          subnetId: base.subnets[1]!.subnetId,
          address: ADDRESS,
          groupIds: [groupId(3)],
        },
      ],
      dns: { ...base.dns, publicNames: [{ name: NAME, address: ADDRESS }] },
    }
  }
  let fabric: Fabric
  let service: EndpointService
  let folder: string
  let a: Guest
  let b: Guest
  let apply: (plans: VpcNetworkPlan[]) => Promise<void>
  /** Where connections came in: by it a call is under the policy of its endpoint. */
  const places = new Set<string>()
  const http = createServer((request, response) => {
    response.end(`${request.headers.host} for ${request.socket.remoteAddress}`)
  })

  beforeAll(async () => {
    const log = createLog({ level: 'warn' })
    folder = await mkdtemp(join(tmpdir(), 'brume-endpoints-'))
    fabric = createFabric({ stateFolder: '/run/brume', log, clock: systemClock })
    service = await serveEndpoints({ folder, fabric, log, clock: systemClock })
    service.attach((socket, vpcId) => {
      places.add(`${vpcId} ${socket.localAddress}`)
      http.emit('connection', socket)
    })
    await writeFile(join(folder, 'ca.pem'), service.authorityPem)
    const agent = service.watching({
      networkEnsure: (plans) => fabric.apply(plans),
    } as HostAgent)
    apply = (plans) => agent.networkEnsure(plans)
    await apply([planOf()])
    a = await guestStart(planOf(), nicA)
    b = await guestStart(planOf(), nicB)
    for (const guest of [a, b]) await guest.dhcp()
  }, 60_000)

  afterAll(async () => {
    for (const guest of [a, b]) await guest?.stop()
    service?.close()
    await fabric?.removeAll()
    await fabric?.close()
    http.closeAllConnections()
    if (folder) await rm(folder, { recursive: true })
  })

  /** By the name, with the address that the VPC's resolver gives for it. */
  async function call(guest: Guest, url: string): Promise<string | null> {
    const { hostname, port, protocol } = new URL(url)
    const number = port || (protocol === 'https:' ? '443' : '80')
    const looked = await guest.run('busybox', ['nslookup', '-type=a', hostname, '172.31.0.2'])
    const [address = ''] = /172\.31\.16\.\d+/.exec(looked) ?? []
    const resolved = `${hostname}:${number}:${address}`
    const more = ['--cacert', join(folder, 'ca.pem'), '--resolve', resolved, url]
    return await guest.run('curl', ['-s', '-m', '2', ...more]).catch(() => null)
  }

  test('the service answers by its AWS name, plain and by TLS, to who may', async () => {
    expect(await call(a, `https://${NAME}/`)).toBe(`${NAME} for 172.31.0.5`)
    expect(await call(b, `https://${NAME}/`)).toBe(`${NAME} for 172.31.0.6`)
    expect(await call(a, `http://${NAME}/`)).toBe(`${NAME} for 172.31.0.5`)
    expect([...places]).toEqual([`${planOf().vpcId} ${ADDRESS}`])
    // Plain is for members of the first group only.
    expect(await call(b, `http://${NAME}/`)).toBeNull()
  })

  test("the caller's own groups are asked too", async () => {
    await apply([planOf(undefined, [cidrRule('tcp', [80, 80], '172.31.16.0/20')])])
    expect(await call(a, `http://${NAME}/`)).toBe(`${NAME} for 172.31.0.5`)
    expect(await call(a, `https://${NAME}/`)).toBeNull()
    await apply([planOf()])
    expect(await call(a, `https://${NAME}/`)).toBe(`${NAME} for 172.31.0.5`)
  })

  test('network ACLs of both subnets judge, packet by packet', async () => {
    const entry = (isAllow: boolean, protocol = '-1', from = 0, to = 65_535): AclRulePlan => {
      const ports = protocol === '6' ? { from, to } : null
      return { isAllow, protocol, cidr: '0.0.0.0/0', ports, icmp: null }
    }
    const OPEN = { ingress: [entry(true)], egress: [entry(true)] }
    const withAcls = (first: AclPlan, second: AclPlan): VpcNetworkPlan => ({
      ...planOf(),
      subnets: planOf().subnets.map((subnet, n) => ({ ...subnet, acl: n === 0 ? first : second })),
    })
    const reaches = async (first: AclPlan, second: AclPlan): Promise<boolean> => {
      await apply([withAcls(first, second)])
      return (await call(a, `http://${NAME}/`)) !== null
    }
    expect(await reaches(OPEN, OPEN)).toBe(true)
    expect(await reaches(OPEN, { ...OPEN, ingress: [entry(true, '6', 443, 443)] })).toBe(false)
    expect(await reaches(OPEN, { ...OPEN, ingress: [entry(true, '6', 80, 80)] })).toBe(true)
    // Answers need an entry of their own, on both sides.
    expect(await reaches(OPEN, { ...OPEN, egress: [entry(true, '6', 80, 80)] })).toBe(false)
    expect(await reaches({ ...OPEN, ingress: [entry(true, '17')] }, OPEN)).toBe(false)
    const ephemeral = [entry(true, '6', 1024, 65_535)]
    expect(
      await reaches({ ...OPEN, ingress: [...ephemeral] }, { ...OPEN, egress: ephemeral }),
    ).toBe(true)
    expect(await reaches({ ...OPEN, egress: [entry(false)] }, OPEN)).toBe(false)
    await apply([planOf()])
  })

  test('an endpoint that is deleted answers no more, and answers when it is there again', async () => {
    const { endpoints: _, ...without } = planOf()
    await apply([without])
    expect(await call(a, `http://${NAME}/`)).toBeNull()
    await apply([planOf()])
    expect(await call(a, `http://${NAME}/`)).toBe(`${NAME} for 172.31.0.5`)
  })
})
