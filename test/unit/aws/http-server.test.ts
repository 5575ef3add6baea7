/** What bad clients can do to the port: nothing that the others notice. Real sockets on loopback. */
import { connect, createServer } from 'node:net'
import type { Socket } from 'node:net'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'
import { createSocketServer } from '../../../src/aws/http-server.ts'
import { operation } from '../../../src/aws/operation.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { startEdge } from './edge-harness.ts'
import type { Edge } from './edge-harness.ts'

const LIMITS = { headersTimeoutMs: 300, requestTimeoutMs: 600, checkIntervalMs: 100, lingerMs: 300 }
const FORM = 'content-type: application/x-www-form-urlencoded'

async function socketTo(edge: Edge): Promise<Socket> {
  const socket = connect(edge.server.port, '127.0.0.1')
  socket.on('error', () => {})
  await once(socket, 'connect')
  return socket
}

/** Everything the server says until it closes. */
async function answerOf(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('utf8')))
  await once(socket, 'close')
  return text
}

function open(edge: Edge, body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(edge.url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body,
  })
}

const ASK = 'Action=DescribeRegions&Version=2016-11-15'

describe('the port', () => {
  it('answers a 10 MB body with 413 before it has read it', async () => {
    await using edge = await startEdge({ auth: { mode: 'open' } })
    const response = await open(edge, `${ASK}&X=${'x'.repeat(10 * 1024 * 1024)}`)
    expect(response.status).toBe(413)
    expect(await response.text()).toContain('<Code>RequestEntityTooLarge</Code>')
    expect((await open(edge, ASK)).status).toBe(200)
  })

  it('answers a chunked body that grows too large, too', async () => {
    await using edge = await startEdge({ auth: { mode: 'open' }, http: { limits: LIMITS } })
    const socket = await socketTo(edge)
    const answer = answerOf(socket)
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${FORM}\r\ntransfer-encoding: chunked\r\n\r\n`)
    const chunk = 'x'.repeat(64 * 1024)
    for (let sent = 0; sent < 40; sent++) socket.write(`10000\r\n${chunk}\r\n`)
    expect(await answer).toMatch(/^HTTP\/1.1 413 [^]*RequestEntityTooLarge/)
  })

  it('closes a connection whose body stops half-way', async () => {
    await using edge = await startEdge({ http: { limits: LIMITS } })
    const socket = await socketTo(edge)
    const answer = answerOf(socket)
    socket.write(`POST / HTTP/1.1\r\nhost: x\r\n${FORM}\r\ncontent-length: 100\r\n\r\nAction=`)
    expect(await answer).toMatch(/^HTTP\/1.1 408/)
  })

  it('serves others while 1,000 connections say nothing, then closes those', async () => {
    await using edge = await startEdge({ auth: { mode: 'open' }, http: { limits: LIMITS } })
    const sockets = await Promise.all(Array.from({ length: 1_000 }, () => socketTo(edge)))
    const closed = Promise.all(sockets.map((socket) => answerOf(socket)))
    expect((await open(edge, ASK)).status).toBe(200)
    await closed
    expect(sockets.every((socket) => socket.destroyed)).toBe(true)
    expect((await open(edge, ASK)).status).toBe(200)
  })

  it('takes no more connections than it may', async () => {
    const limits = { connectionsMax: 5 }
    await using edge = await startEdge({ http: { limits } })
    const kept = await Promise.all(Array.from({ length: 5 }, () => socketTo(edge)))
    const sixth = await socketTo(edge)
    await answerOf(sixth)
    expect(sixth.destroyed).toBe(true)
    for (const socket of kept) socket.destroy()
  })

  it('refuses large headers', async () => {
    await using edge = await startEdge({})
    const response = await fetch(edge.url, { headers: { 'x-large': 'x'.repeat(40_000) } })
    expect(response.status).toBe(431)
  })

  it('closes while a request runs, and that one is answered', async () => {
    const started = Promise.withResolvers<void>()
    const finish = Promise.withResolvers<void>()
    const slow = operation<'ec2', 'DescribeRegions'>({
      handle: async () => {
        started.resolve()
        await finish.promise
        return { Regions: [] }
      },
    })
    const edge = await startEdge({
      auth: { mode: 'open' },
      operations: { 'ec2/DescribeRegions': slow },
    })
    const running = open(edge, ASK)
    await started.promise
    const closed = edge.server.close(5_000)
    await expect(open(edge, ASK)).rejects.toThrow('fetch failed')
    finish.resolve()
    expect((await running).status).toBe(200)
    await closed
  })
})

describe('routes', () => {
  const routes = [
    { path: '/health', handle: (_: unknown, out: { end(text: string): void }) => out.end('fine') },
    { path: '/*', handle: (_: unknown, out: { end(text: string): void }) => out.end('console') },
  ]

  it('serve what is not AWS, and only that', async () => {
    await using edge = await startEdge({ auth: { mode: 'open' }, http: { routes } })
    const text = async (path: string): Promise<string> => (await fetch(edge.url + path)).text()
    expect(await text('/health')).toBe('fine')
    expect(await text('/instances/i-1?tab=x')).toBe('console')
    expect(await text(`/?${ASK}`)).toContain('<regionInfo>')
    expect(await (await open(edge, ASK)).text()).toContain('<regionInfo>')
  })

  it('do not let what a page of another origin only shows or links to call the API', async () => {
    await using edge = await startEdge({ auth: { mode: 'open' } })
    const show = (site: string) =>
      fetch(`${edge.url}/?${ASK}`, { headers: { 'sec-fetch-site': site } })
    for (const site of ['cross-site', 'same-site']) {
      const foreign = await show(site)
      expect(foreign.status).toBe(403)
      expect(await foreign.text()).toContain('AccessDenied')
    }
    for (const site of ['same-origin', 'none']) {
      const own = await show(site)
      expect(own.status).toBe(200)
      expect(own.headers.get('x-content-type-options')).toBe('nosniff')
    }
  })

  it('do not let web pages of other origins call the API', async () => {
    await using edge = await startEdge({ auth: { mode: 'open' } })
    const own = await open(edge, ASK, { origin: edge.url })
    expect(own.status).toBe(200)
    for (const origin of ['http://evil.example', 'null']) {
      const foreign = await open(edge, ASK, { origin })
      expect(foreign.status).toBe(403)
      expect(await foreign.text()).toContain('<Code>AccessDenied</Code>')
    }
  })

  it('do not let them call what is signed and ours either', async () => {
    const shutdown = { ...routes[0]!, path: '/api/*', isSigned: true }
    await using edge = await startEdge({ auth: { mode: 'open' }, http: { routes: [shutdown] } })
    const post = (origin: string) =>
      fetch(`${edge.url}/api/shutdown`, { method: 'POST', body: '{}', headers: { origin } })
    expect(await (await post(edge.url)).text()).toBe('fine')
    for (const origin of ['http://evil.example', 'null']) {
      expect((await post(origin)).status).toBe(403)
    }
  })
})

describe('connections that guests opened', () => {
  it('are served AWS and nothing else, each network and address within its limit', async () => {
    let now = 0
    const server = createSocketServer({
      dispatch: async ({ sourceIp }) => ({
        status: 200,
        headers: {},
        body: [Buffer.from(sourceIp)],
      }),
      log: silentLog,
      clock: { now: () => now },
    })
    let network = 'vpc-1'
    const listener = createServer((socket) => server.handle(socket, network))
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    const { port } = listener.address() as { port: number }
    const ask = async (): Promise<string> => {
      const headers = { 'x-amz-date': '20260101T000000Z', connection: 'close' }
      const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers })
      return `${response.status} ${(await response.text()).slice(0, 9)}`
    }
    for (let n = 0; n < 100; n++) expect(await ask()).toBe('200 127.0.0.1')
    expect(await ask()).toMatch(/^503/)
    network = 'vpc-2'
    expect(await ask()).toBe('200 127.0.0.1')
    network = 'vpc-1'
    now = 60
    expect(await ask()).toBe('200 127.0.0.1')
    listener.close()
    server.close()
  })
})
