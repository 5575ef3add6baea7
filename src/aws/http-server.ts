/**
 * The one HTTP port. AWS requests go to the dispatcher, everything else to the routes it is given (`/health`,
 * `/metrics`, the console). Guarantees that bad clients cannot hurt the others: bodies, headers, connections and
 * the memory that half-received bodies hold are bounded; a connection that sends nothing, or half a request, is
 * closed after a while.
 */
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { randomUUID } from 'node:crypto'
import type { Log } from '../lib/log.ts'
import type { Clock } from '../lib/time.ts'
import { readClaim } from './auth/sigv4.ts'
import type { Dispatch, RawRequest } from './dispatch.ts'
import type { Via } from './edge-request.ts'
import { errorAnswer } from './protocol/answers.ts'
import { createThrottle } from './imds/throttle.ts'
import type { Answer } from './protocol/answers.ts'
import { looksLikeAws, routeRequest } from './route.ts'
import { WireError } from './wire-error.ts'

export interface HttpLimits {
  /** The largest honest requests (PutSnapshotBlock, PutMetricData) are half of this. */
  bodyBytesMax: number
  /** All bodies that are being received, together. */
  bodyBytesInFlightMax: number
  headerBytesMax: number
  connectionsMax: number
  /** To have sent the first request's headers after connecting. */
  headersTimeoutMs: number
  /** To have sent a whole request. */
  requestTimeoutMs: number
  /** Between requests of a kept connection: longer than the SDKs' pools keep theirs. */
  keepAliveTimeoutMs: number
  /** How often the two timeouts are looked at. */
  checkIntervalMs: number
  /** How long a refused body is still read, so that the client sees the answer and not a reset. */
  lingerMs: number
}

export const HTTP_LIMITS: HttpLimits = {
  bodyBytesMax: 2 * 1024 * 1024,
  bodyBytesInFlightMax: 128 * 1024 * 1024,
  headerBytesMax: 32 * 1024,
  connectionsMax: 2_000,
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  checkIntervalMs: 2_000,
  lingerMs: 2_000,
}

/** `path` is exact, or a prefix when it ends with `/*`. The first that fits serves. */
export interface Route {
  path: string
  /** Signed like an AWS request, yet ours: looked at before AWS's own routing. */
  isSigned?: boolean
  handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>
}

export interface HttpServerOptions {
  dispatch: Dispatch
  routes?: readonly Route[]
  host: string
  port: number
  log: Log
  limits?: Partial<HttpLimits>
  /** Takes connections that ask for another protocol: WebSockets of the console. Absent: they are refused. */
  upgrade?: (request: IncomingMessage, socket: Duplex, head: Buffer) => void
  /** Whether this request of the socket may be answered. */
  admit?: (socket: Socket) => boolean
  viaOf?: (socket: Socket) => Via | undefined
}

export interface HttpServer {
  host: string
  port: number
  url: string
  /** Stops accepting, lets running requests end, then closes. */
  close(graceMs?: number): Promise<void>
}

interface Context extends HttpServerOptions {
  limit: HttpLimits
  held: { bodyBytes: number }
}

/** Serves connections that somebody else accepted: those of guests, in the namespaces of their VPCs. */
export interface SocketServer {
  /** `network`: the VPC; addresses mean nothing beyond it. */
  handle(socket: Socket, network: string): void
  close(): void
}

/** One guest in a loop must not take the cloud's time from the others. As EC2 limits its describing calls. */
const GUEST_LIMITS = { burst: 100, perSecond: 20 }

/** AWS requests and nothing else; `connectionsMax` is for all guests together. */
export function createSocketServer(
  options: Pick<HttpServerOptions, 'dispatch' | 'log' | 'routes'> & { clock: Pick<Clock, 'now'> },
): SocketServer {
  const throttle = createThrottle(options.clock, GUEST_LIMITS)
  const places = new WeakMap<Socket, Via>()
  const viaOf = (socket: Socket): Via | undefined => places.get(socket)
  const admit = (socket: Socket): boolean =>
    throttle.admit(`${viaOf(socket)?.vpcId} ${socket.remoteAddress}`)
  const { server } = createHttp({ ...options, host: '', port: 0, admit, viaOf })
  const { connectionsMax } = HTTP_LIMITS
  let count = 0
  // What starts the watch over headersTimeout and requestTimeout: it never listens by itself.
  server.emit('listening')
  return {
    handle: (socket, network) => {
      const address = (socket.localAddress ?? '').replace('::ffff:', '')
      places.set(socket, { vpcId: network, address })
      if (count >= connectionsMax) return void socket.destroy()
      count += 1
      socket.once('close', () => (count -= 1))
      server.emit('connection', socket)
    },
    close: () => server.closeAllConnections(),
  }
}

function createHttp(options: HttpServerOptions): { server: Server; end(): void } {
  const limit = { ...HTTP_LIMITS, ...options.limits }
  const context: Context = { ...options, limit, held: { bodyBytes: 0 } }
  let isEnding = false
  const server = createServer(
    {
      maxHeaderSize: limit.headerBytesMax,
      headersTimeout: limit.headersTimeoutMs,
      requestTimeout: limit.requestTimeoutMs,
      keepAliveTimeout: limit.keepAliveTimeoutMs,
      connectionsCheckingInterval: limit.checkIntervalMs,
      noDelay: true,
    },
    (request, response) => {
      response.once('finish', () => {
        // A kept connection would otherwise hold up the end until it times out.
        if (isEnding) request.socket.end()
      })
      void onRequest(context, request, response).catch((error: unknown) => {
        options.log.error({ err: error, url: request.url }, 'bug: a request ended in an exception')
        response.destroy()
      })
    },
  )
  server.maxConnections = limit.connectionsMax
  if (options.upgrade) server.on('upgrade', options.upgrade)
  server.on('error', (error) => options.log.error({ err: error }, 'http server'))
  return { server, end: () => (isEnding = true) }
}

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { server, end } = createHttp(options)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host, () => {
      server.removeListener('error', reject)
      resolve()
    })
  })
  const { port } = server.address() as AddressInfo
  const shownHost = options.host.includes(':') ? `[${options.host}]` : options.host
  return {
    host: options.host,
    port,
    url: `http://${shownHost}:${port}`,
    close: (graceMs = 5_000) => {
      end()
      return closeServer(server, graceMs)
    },
  }
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  const timer = setTimeout(() => server.closeAllConnections(), graceMs)
  await closed
  clearTimeout(timer)
}

async function onRequest(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const head = readHead(request)
  if (context.admit?.(request.socket) === false) {
    request.resume()
    const text = 'Request limit exceeded.'
    return send(
      response,
      refusal(head, new WireError('RequestLimitExceeded', text, { status: 503 })),
    )
  }
  const route = findRoute(context.routes ?? [], head.path)
  if (route !== undefined && !route.isSigned && !looksLikeAws(head)) {
    return await route.handle(request, response)
  }
  if (isForeignPage(request)) {
    const text = 'Requests from web pages of other origins are refused.'
    return send(response, refusal(head, new WireError('AccessDenied', text, { status: 403 })))
  }
  if (route?.isSigned) return await route.handle(request, response)
  const body = await readBody(context, request)
  if (body === 'gone') return
  if (!Buffer.isBuffer(body)) {
    send(response, refusal(head, body), { close: true })
    return linger(request, response, context.limit.lingerMs)
  }
  try {
    const sourceIp = request.socket.remoteAddress ?? ''
    const via = context.viaOf?.(request.socket)
    send(response, await context.dispatch({ ...head, body, sourceIp, ...(via && { via }) }))
  } finally {
    context.held.bodyBytes -= body.length
  }
}

type Head = Pick<RawRequest, 'method' | 'path' | 'query' | 'headers'>

export function readHead(request: IncomingMessage): Head {
  const target = request.url ?? '/'
  // Proxies and some clients send the absolute form.
  const relative = target.startsWith('/') ? target : target.replace(/^\w+:\/\/[^/?]*/, '') || '/'
  const at = relative.indexOf('?')
  return {
    method: request.method ?? 'GET',
    path: at < 0 ? relative : relative.slice(0, at),
    query: at < 0 ? [] : [...new URLSearchParams(relative.slice(at + 1))],
    headers: request.headers,
  }
}

function findRoute(routes: readonly Route[], path: string): Route | undefined {
  return routes.find((route) =>
    route.path.endsWith('/*') ? path.startsWith(route.path.slice(0, -1)) : path === route.path,
  )
}

/**
 * A web page anywhere can make its visitor's browser post a form to localhost, or ask for an address as if it were a
 * picture's. Browsers say where the page is from: by `Origin`, and of what has none (pictures, frames, links) by
 * `Sec-Fetch-Site`. In open mode nothing else would stop it, so only our own pages are heard, and addresses that
 * somebody typed.
 */
function isForeignPage(request: IncomingMessage): boolean {
  const { origin, host } = request.headers
  const site = request.headers['sec-fetch-site'] ?? 'none'
  if (site !== 'same-origin' && site !== 'none') return true
  if (origin === undefined) return false
  try {
    return new URL(origin).host !== host
  } catch {
    return true
  }
}

/** The body, the error that answers it, or `gone` when the client left. */
function readBody(
  { limit, held }: Context,
  request: IncomingMessage,
): Promise<Buffer | WireError | 'gone'> {
  const tooLarge = (): WireError =>
    new WireError(
      'RequestEntityTooLarge',
      `The request body is larger than ${limit.bodyBytesMax} bytes.`,
      { status: 413 },
    )
  if (Number(request.headers['content-length'] ?? 0) > limit.bodyBytesMax) {
    return Promise.resolve(tooLarge())
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    let size = 0
    let settled = false
    const settle = (result: Buffer | WireError | 'gone'): void => {
      if (settled) return
      settled = true
      request.removeAllListeners('data')
      if (!Buffer.isBuffer(result)) held.bodyBytes -= size
      resolve(result)
    }
    request.on('data', (chunk: Buffer) => {
      size += chunk.length
      held.bodyBytes += chunk.length
      if (size > limit.bodyBytesMax) return settle(tooLarge())
      if (held.bodyBytes > limit.bodyBytesInFlightMax) {
        const text = 'Too many large requests at once; try again.'
        return settle(new WireError('Unavailable', text, { status: 503 }))
      }
      chunks.push(chunk)
    })
    request.once('end', () => settle(chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks)))
    request.once('close', () => {
      if (!request.complete) settle('gone')
    })
    request.once('error', () => settle('gone'))
  })
}

/** An error that is known before the body is, in the caller's protocol as far as the head tells. */
function refusal(head: Head, error: WireError): Answer {
  const claim = readClaim(head)
  const signed = typeof claim === 'object' ? claim : undefined
  const type = String(head.headers['content-type'] ?? '')
  const isForm = type.startsWith('application/x-www-form-urlencoded')
  const form = isForm ? [['Action', ''] as const] : []
  const routed = routeRequest({ ...head, body: Buffer.alloc(0), form }, signed)
  return errorAnswer(routed, error, randomUUID())
}

function send(response: ServerResponse, answer: Answer, options: { close?: boolean } = {}): void {
  const length = answer.body.reduce((sum, chunk) => sum + chunk.length, 0)
  if (options.close) response.setHeader('connection', 'close')
  response.writeHead(answer.status, {
    ...answer.headers,
    'content-length': length,
    // What somebody stored is nothing but what its type says: the console's pages are of this origin.
    'x-content-type-options': 'nosniff',
  })
  response.cork()
  for (const chunk of answer.body) response.write(chunk)
  response.end()
  response.uncork()
}

function linger(request: IncomingMessage, response: ServerResponse, lingerMs: number): void {
  request.resume()
  const timer = setTimeout(() => request.socket.destroy(), lingerMs)
  timer.unref()
  response.socket?.once('close', () => clearTimeout(timer))
}
