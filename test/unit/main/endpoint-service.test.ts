/** Which connections of endpoints reach the cloud, and from which VPC; on loopback, with a fabric that only listens. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { HostAgent } from '../../../src/agent/protocol.ts'
import type { VpcId } from '../../../src/domain/ids.ts'
import type { VpcNetworkPlan } from '../../../src/domain/network-plan.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { systemClock } from '../../../src/lib/time.ts'
import { serveEndpoints, type EndpointService } from '../../../src/main/endpoint-service.ts'

const VPC = 'vpc-0000000000000000a' as VpcId
const NAME = 'ec2.us-east-1.amazonaws.com'

let folder: string
let servers: Server[]
let gate: Promise<void>
let service: EndpointService
let nowOffset: number
let agent: HostAgent
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-endpoints-'))
  servers = []
  gate = Promise.resolve()
  nowOffset = 0
  service = await serveEndpoints({
    folder,
    fabric: {
      listenInNamespace: async () => {
        const server = createServer().listen(0, '127.0.0.1')
        servers.push(server)
        await once(server, 'listening')
        await gate
        return server
      },
      onNamespace: () => () => {},
    },
    log: silentLog,
    clock: { ...systemClock, now: () => Date.now() + nowOffset },
  })
  agent = service.watching({ networkEnsure: async () => {} } as Partial<HostAgent> as HostAgent)
})
afterEach(async () => {
  service.close()
  await rm(folder, { recursive: true })
})

const plan = { vpcId: VPC, endpoints: [{ address: '10.0.0.9' }] } as unknown as VpcNetworkPlan
const portOf = (server: Server): number => (server.address() as AddressInfo).port

test('a connection comes with the VPC it comes from, in clear and by TLS', async () => {
  const came: VpcId[] = []
  service.attach((socket, vpcId) => {
    came.push(vpcId)
    socket.end('hello')
  })
  await agent.networkEnsure([plan])
  const [plain, secure] = servers.map(portOf)
  const said = async (socket: Socket): Promise<string> =>
    Buffer.concat(await socket.toArray()).toString()
  expect(await said(connect(plain!, '127.0.0.1'))).toBe('hello')
  const ca = service.authorityPem
  const host = '127.0.0.1'
  expect(await said(connectTls({ port: secure!, host, servername: NAME, ca }))).toBe('hello')
  expect(came).toEqual([VPC, VPC])
})

test('a certificate is another one before it ends, and when the clock was set back', async () => {
  service.attach((socket) => socket.end())
  await agent.networkEnsure([plan])
  const serial = async (): Promise<string> => {
    const port = portOf(servers[1]!)
    const options = { port, host: '127.0.0.1', servername: NAME, rejectUnauthorized: false }
    const socket = connectTls(options)
    await once(socket, 'secureConnect')
    const { serialNumber } = socket.getPeerCertificate()
    socket.destroy()
    return serialNumber
  }
  const first = await serial()
  expect(await serial()).toBe(first)
  nowOffset = 340 * 86_400_000
  const second = await serial()
  expect(second).not.toBe(first)
  nowOffset = 0
  expect(await serial()).not.toBe(second)
})

test('what is not wanted any more when it listens at last is shut at once', async () => {
  const held = Promise.withResolvers<void>()
  gate = held.promise
  const opening = agent.networkEnsure([plan])
  while (servers.length === 0) await new Promise(setImmediate)
  await agent.networkEnsure([])
  held.resolve()
  await opening
  expect(servers.map((server) => server.listening)).toEqual(servers.map(() => false))
})
