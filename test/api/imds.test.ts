/**
 * The metadata service over HTTP, for instances of a control plane on a simulated host. Guests are told apart by
 * their source address, as in a VPC's namespace: here each has a loopback address of its own.
 */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { randomBytes } from 'node:crypto'
import { connect, createServer as createNetServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keyPairCreate, keyPairDelete } from '../../src/app/key-pairs.ts'
import { instancesTerminate } from '../../src/app/instances/lifecycle.ts'
import { instancesRun } from '../../src/app/instances/run.ts'
import type { RunRequest } from '../../src/app/instances/run-request.ts'
import { metadataOf } from '../../src/app/metadata.ts'
import { identityKeysGenerate } from '../../src/aws/imds/identity-keys.ts'
import { createMetadataServer } from '../../src/aws/imds/listener.ts'
import type { InstanceId } from '../../src/domain/ids.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { runRequest, startTestApp } from '../support/app.ts'
import { eventually } from '../support/eventually.ts'

type TestApp = Awaited<ReturnType<typeof startTestApp>>

let cloud: TestApp
let metadata: Awaited<ReturnType<typeof startMetadata>>

/** Loopback address of each guest → its private address. */
const guests = new Map<string, string>()

beforeAll(async () => {
  cloud = await startTestApp()
  metadata = await startMetadata(cloud)
})

afterAll(async () => {
  await metadata.close()
  await cloud.close()
})

async function startMetadata({ app }: TestApp, tokenSecret = Buffer.alloc(32, 9)) {
  const [vpc] = await app.store.list('vpc', {})
  const server = createMetadataServer({
    find: async (address) => metadataOf(app, vpc!.id, guests.get(address) ?? address),
    clock: systemClock,
    log: silentLog,
    tokenSecret,
    identity: await identityKeysGenerate({ clock: systemClock, random: { bytes: randomBytes } }),
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const close = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { port, close }
}

interface Guest {
  id: InstanceId
  address: string
  ask(path: string, options?: AskOptions): Promise<Asked>
}

interface AskOptions {
  method?: string
  headers?: Record<string, string>
  port?: number
}

interface Asked {
  status: number
  headers: IncomingHttpHeaders
  text: string
}

async function launch(change: Partial<RunRequest> = {}): Promise<Guest> {
  const { instanceIds } = await instancesRun(cloud.ctx, runRequest(change))
  const id = instanceIds[0]!
  const reference = { name: 'instance', value: id }
  const [networkInterface] = await cloud.app.store.list('networkInterface', { reference })
  const localAddress = `127.0.1.${guests.size + 1}`
  guests.set(localAddress, networkInterface!.privateAddresses[0]!)
  return {
    id,
    address: networkInterface!.privateAddresses[0]!,
    ask: (path, options) => ask(localAddress, path, options),
  }
}

function ask(localAddress: string, path: string, options: AskOptions = {}): Promise<Asked> {
  const { method = 'GET', headers = {}, port = metadata.port } = options
  return new Promise((resolve, reject) => {
    const sent = httpRequest(
      { host: '127.0.0.1', port, localAddress, path, method, headers, agent: false },
      (response) => {
        const chunks: Buffer[] = []
        response.on('data', (chunk: Buffer) => chunks.push(chunk))
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString()
          resolve({ status: response.statusCode!, headers: response.headers, text })
        })
      },
    )
    sent.on('error', reject)
    sent.end()
  })
}

/** As cloud-init does: what ends with a slash is a list, `0=name` among the keys is a folder 0. */
async function crawl(guest: Guest, path: string): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  const { status, text } = await guest.ask(path)
  expect(status, path).toBe(200)
  for (const entry of text.split('\n').filter(Boolean)) {
    const key = /^(\d+)=/.exec(entry)
    const isTop = path === '/latest/' && entry !== 'user-data'
    const child = key ? `${path}${key[1]}/` : path + entry + (isTop ? '/' : '')
    if (child.endsWith('/')) for (const pair of await crawl(guest, child)) found.set(...pair)
    else {
      const leaf = await guest.ask(child)
      expect(leaf.status, child).toBe(200)
      found.set(child, leaf.text)
    }
  }
  return found
}

describe('the metadata service', () => {
  test('a crawl finds everything listed, and only the own instance', async () => {
    await keyPairCreate(cloud.ctx, { name: 'crawl', type: 'ed25519', format: 'pem', tags: {} })
    const tags = { instance: { Name: 'one' }, volume: {}, networkInterface: {} }
    const areTagsEnabled = true
    const one = await launch({
      keyName: 'crawl',
      userData: Buffer.from('#!/bin/sh\n').toString('base64'),
      tags,
      metadata: { ...runRequest().metadata, areTagsEnabled },
      blockDevices: [
        {
          deviceName: '/dev/sdf',
          isSuppressed: false,
          snapshotId: null,
          sizeGiB: 1,
          type: null,
          iops: null,
          throughputMiBps: null,
          deleteOnTermination: null,
          isEncrypted: false,
        },
      ],
    })
    const two = await launch()
    const found = await crawl(one, '/latest/')
    const latest = (path: string) => found.get(`/latest/${path}`)
    expect(latest('meta-data/instance-id')).toBe(one.id)
    expect(latest('meta-data/local-ipv4')).toBe(one.address)
    expect(latest('meta-data/public-keys/0/openssh-key')).toMatch(/^ssh-ed25519 \S+ crawl$/)
    expect(latest('meta-data/block-device-mapping/ebs1')).toBe('sdf')
    expect(latest('meta-data/security-groups')).toBe('default')
    expect(latest('meta-data/tags/instance/Name')).toBe('one')
    expect(latest('user-data')).toBe('#!/bin/sh\n')
    const [interfaceOfOne] = await cloud.app.store.list('networkInterface', {
      reference: { name: 'instance', value: one.id },
    })
    const mac = `meta-data/network/interfaces/macs/${interfaceOfOne!.mac}`
    expect(latest(`${mac}/ipv4-associations/${interfaceOfOne!.publicAddress}`)).toBe(one.address)
    expect(latest(`${mac}/subnet-ipv4-cidr-block`)).toMatch(/^172\.31\.\d+\.0\/20$/)
    expect(JSON.parse(latest('dynamic/instance-identity/document')!)).toMatchObject({
      instanceId: one.id,
      privateIp: one.address,
      accountId: cloud.ctx.account,
    })
    expect([...found.values()].filter((text) => text.includes(two.id))).toEqual([])
    const others = await crawl(two, '/latest/')
    expect(others.get('/latest/meta-data/instance-id')).toBe(two.id)
    expect([...others.values()].filter((text) => text.includes(one.id))).toEqual([])
  })

  test('tokens are required when so launched, and outlive the daemon', async () => {
    const guest = await launch({
      metadata: { ...runRequest().metadata, areTokensRequired: true },
    })
    expect((await guest.ask('/latest/meta-data/')).status).toBe(401)
    const ttl = { 'X-aws-ec2-metadata-token-ttl-seconds': '300' }
    const made = await guest.ask('/latest/api/token', { method: 'PUT', headers: ttl })
    expect(made).toMatchObject({ status: 200 })
    expect(made.headers['x-aws-ec2-metadata-token-ttl-seconds']).toBe('300')
    const headers = { 'X-aws-ec2-metadata-token': made.text }
    expect((await guest.ask('/latest/meta-data/instance-id', { headers })).text).toBe(guest.id)
    const restarted = await startMetadata(cloud)
    const options = { headers, port: restarted.port }
    expect((await guest.ask('/latest/meta-data/instance-id', options)).text).toBe(guest.id)
    await restarted.close()
    const other = await launch()
    expect((await other.ask('/latest/meta-data/', { headers })).status).toBe(401)
  })

  test('the key of the launch stays when the key pair is replaced', async () => {
    const key = { name: 'stays', type: 'ed25519', format: 'pem', tags: {} } as const
    const { keyPair } = await keyPairCreate(cloud.ctx, key)
    const guest = await launch({ keyName: 'stays' })
    await keyPairDelete(cloud.ctx, { name: 'stays' })
    await keyPairCreate(cloud.ctx, key)
    const path = '/latest/meta-data/public-keys/0/openssh-key'
    expect((await guest.ask(path)).text).toBe(keyPair.publicKey)
  })

  test('HEAD has no body, a body is not read, a stranger gets nothing', async () => {
    const guest = await launch()
    const head = await guest.ask('/latest/meta-data/instance-id', { method: 'HEAD' })
    expect(head).toMatchObject({ status: 200, text: '' })
    expect(head.headers['content-length']).toBe(String(guest.id.length))
    expect((await ask('127.0.9.9', '/latest/meta-data/')).status).toBe(404)
  })

  test('connections handed over are served, and silent ones closed', async () => {
    const { app } = cloud
    const [vpc] = await app.store.list('vpc', {})
    const identity = await identityKeysGenerate({ clock: systemClock, random: app.random })
    const http = createMetadataServer({
      find: (address) => metadataOf(app, vpc!.id, guests.get(address) ?? address),
      clock: systemClock,
      log: silentLog,
      tokenSecret: Buffer.alloc(32),
      identity,
    })
    const socketServer = createNetServer((socket) => void http.emit('connection', socket))
    await new Promise<void>((resolve) => socketServer.listen(0, '127.0.0.1', resolve))
    const { port } = socketServer.address() as AddressInfo
    const guest = await launch()
    expect((await guest.ask('/latest/meta-data/instance-id', { port })).text).toBe(guest.id)
    const silent = connect({ host: '127.0.0.1', port })
    silent.write('GET /latest')
    // 408, then closed: well before the guest could pile up connections.
    await new Promise((resolve) => silent.once('close', resolve).resume())
    http.close()
    await new Promise((resolve) => socketServer.close(resolve))
  }, 15_000)

  test('a terminated instance is told nothing more', async () => {
    const guest = await launch()
    await instancesTerminate(cloud.ctx, [guest.id])
    const status = async () => (await guest.ask('/latest/meta-data/')).status
    await eventually(status, (seen) => seen === 404)
  })
})
