/**
 * Terminals and screens in the browser. A browser cannot sign the opening of a WebSocket, so a signed request buys a
 * ticket, good once and for seconds, and the socket is opened with it by a page of this very origin. What passes is
 * bytes as binary messages, and JSON text for the rest: `{"status"}`, `{"error"}`, `{"resize": [columns, rows]}`.
 */
import { randomBytes } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import type { Log } from '../../lib/log.ts'
import type { Clock } from '../../lib/time.ts'

/** What a stream is joined to; made when the socket is open. */
export interface StreamEnd {
  stream: Duplex
  resize?(columns: number, rows: number): void
}

export type StreamOpen = (size: { columns: number; rows: number }) => Promise<StreamEnd>

export interface Streams {
  /** Resolves a ticket's name. `until`: when the session that bought it ends, and the stream with it. */
  ticket(open: StreamOpen, until: number | null): string
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void
  close(): void
}

const TICKET_MS = 20_000
const TICKETS_MAX = 256
const STREAMS_MAX = 128
const MESSAGE_BYTES_MAX = 256 * 1024
/** Beyond it the machine waits for the browser. */
const BUFFERED_BYTES_MAX = 1024 * 1024
const BUFFER_CHECK_MS = 20
/** A dead peer is noticed after two of them. */
const PING_MS = 20_000
const CLOSE_GRACE_MS = 500
const PATH = '/api/console/streams/'
const SIZE_DEFAULT = { columns: 80, rows: 24 }

export function createStreams(options: { clock: Pick<Clock, 'now'>; log: Log }): Streams {
  const { clock, log } = options
  const tickets = new Map<string, { open: StreamOpen; until: number | null; expiresAt: number }>()
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: MESSAGE_BYTES_MAX,
    // noVNC asks for this one and takes no answer without it.
    handleProtocols: (offered) => (offered.has('binary') ? 'binary' : false),
  })
  const sweep = (): void => {
    for (const [name, { expiresAt }] of tickets) {
      if (expiresAt <= clock.now()) tickets.delete(name)
    }
  }
  return {
    ticket: (open, until) => {
      sweep()
      if (tickets.size >= TICKETS_MAX) tickets.delete(tickets.keys().next().value!)
      const name = randomBytes(24).toString('base64url')
      tickets.set(name, { open, until, expiresAt: clock.now() + TICKET_MS })
      return name
    },
    upgrade: (request, socket, head) => {
      const refuse = (status: string): void => {
        socket.on('error', () => {})
        socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
      }
      // Any page may ask for any address, `//` too: what is none must not end the daemon.
      const url = URL.parse(request.url ?? '/', 'http://console')
      if (!url?.pathname.startsWith(PATH)) return refuse('404 Not Found')
      if (!isOwnPage(request)) return refuse('403 Forbidden')
      sweep()
      const name = url.pathname.slice(PATH.length)
      const ticket = tickets.get(name)
      tickets.delete(name)
      if (!ticket) return refuse('403 Forbidden')
      if (server.clients.size >= STREAMS_MAX) return refuse('503 Service Unavailable')
      server.handleUpgrade(request, socket, head, (client) => {
        const leftMs = ticket.until === null ? null : ticket.until - clock.now()
        join(client, ticket.open, sizeOf(url.searchParams), leftMs, log)
      })
    },
    close: () => {
      tickets.clear()
      for (const client of server.clients) {
        client.close(1001, 'the daemon ends')
        // A browser that does not answer must not hold up the end.
        setTimeout(() => client.terminate(), CLOSE_GRACE_MS).unref()
      }
    },
  }
}

/** Pages of other origins have the browser's word on them; programs that say no origin have no ticket either. */
function isOwnPage({ headers }: IncomingMessage): boolean {
  try {
    return headers.origin !== undefined && new URL(headers.origin).host === headers.host
  } catch {
    return false
  }
}

function sizeOf(query: URLSearchParams): { columns: number; rows: number } {
  return sizeFrom([Number(query.get('columns')), Number(query.get('rows'))]) ?? { ...SIZE_DEFAULT }
}

function sizeFrom(value: unknown): { columns: number; rows: number } | undefined {
  if (!Array.isArray(value)) return undefined
  const [columns, rows] = value as unknown[]
  const isSize = (n: unknown): n is number =>
    Number.isInteger(n) && Number(n) > 0 && Number(n) <= 1000
  return isSize(columns) && isSize(rows) ? { columns, rows } : undefined
}

function join(
  client: WebSocket,
  open: StreamOpen,
  size: { columns: number; rows: number },
  leftMs: number | null,
  log: Log,
): void {
  const say = (value: object): void => client.send(JSON.stringify(value))
  let end: StreamEnd | null = null
  let isAlive = true
  const ping = setInterval(() => {
    if (!isAlive) return client.terminate()
    isAlive = false
    client.ping()
  }, PING_MS)
  const expiry =
    leftMs === null
      ? null
      : setTimeout(() => client.close(4001, 'the session expired'), Math.min(leftMs, 2 ** 31 - 1))
  client.on('pong', () => (isAlive = true))
  client.on('error', () => client.terminate())
  client.on('close', () => {
    clearInterval(ping)
    if (expiry) clearTimeout(expiry)
    end?.stream.destroy()
  })
  client.on('message', (data: Buffer, isBinary) => {
    if (isBinary) return void (end && type(client, end.stream, data))
    const resize = sizeFrom(resizeOf(data))
    if (resize) end?.resize?.(resize.columns, resize.rows)
  })
  open(size).then(
    (opened) => {
      if (client.readyState !== client.OPEN) return void opened.stream.destroy()
      end = opened
      if (client.protocol !== 'binary') say({ status: 'connected' })
      follow(client, opened.stream)
    },
    (error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error)
      log.info({ reason }, 'a stream of the console did not open')
      if (client.readyState !== client.OPEN) return
      if (client.protocol !== 'binary') say({ error: reason })
      client.close(4000, reason.slice(0, 100))
    },
  )
}

function resizeOf(data: Buffer): unknown {
  try {
    return (JSON.parse(data.toString()) as { resize?: unknown }).resize
  } catch {
    return undefined
  }
}

/** From the browser to the machine, which may never read it: then no more is read from the browser either. */
function type(client: WebSocket, stream: Duplex, data: Buffer): void {
  if (stream.write(data) || stream.destroyed || client.isPaused) return
  client.pause()
  const resume = (): void => {
    stream.off('drain', resume)
    stream.off('close', resume)
    client.resume()
  }
  stream.on('drain', resume)
  stream.on('close', resume)
}

/** From the machine to the browser, no faster than the browser takes it. */
function follow(client: WebSocket, stream: Duplex): void {
  let timer: NodeJS.Timeout | null = null
  const resumeWhenRead = (): void => {
    if (client.readyState !== client.OPEN) return
    if (client.bufferedAmount > BUFFERED_BYTES_MAX / 2) {
      timer = setTimeout(resumeWhenRead, BUFFER_CHECK_MS)
    } else stream.resume()
  }
  stream.on('data', (chunk: Buffer) => {
    client.send(chunk, { binary: true })
    if (client.bufferedAmount > BUFFERED_BYTES_MAX) {
      stream.pause()
      resumeWhenRead()
    }
  })
  stream.on('error', () => {})
  stream.once('close', () => {
    if (timer) clearTimeout(timer)
    client.close(1000, 'the machine closed it')
  })
}
