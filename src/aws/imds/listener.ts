/**
 * The metadata service of one VPC on HTTP: who asks is known by the peer's address, which the fabric has checked
 * against the sender's interface. Guests are strangers: little is read from them and they are cut off soon.
 */
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http'
import type { ServerResponse } from 'node:http'
import type { MetadataView } from '../../app/metadata.ts'
import type { Log } from '../../lib/log.ts'
import { withDeadline, type Clock } from '../../lib/time.ts'
import { answerOf, type MetadataSecrets } from './answer.ts'
import { createThrottle } from './throttle.ts'

export interface MetadataListenerOptions extends MetadataSecrets {
  /** The instance with this private address in the VPC. */
  find(privateAddress: string): Promise<MetadataView | undefined>
  clock: Clock
  log: Log
}

const FIND_DEADLINE_MS = 5_000
/** A request of the service has no body and a handful of headers. */
const HEADER_BYTES_MAX = 8 * 1024
const REQUEST_TIMEOUT_MS = 5_000
const KEEP_ALIVE_TIMEOUT_MS = 10_000
/** For one VPC: instances open a connection each time; agents keep one or two. */
const CONNECTIONS_MAX = 1_000

export function createMetadataListener(options: MetadataListenerOptions): RequestListener {
  const throttle = createThrottle(options.clock)
  return (request, response) => {
    // Nothing of a body is wanted, but a kept connection must get past it.
    request.resume()
    if (!throttle.admit(addressOf(request))) {
      response.writeHead(503, { server: 'EC2ws', 'retry-after': '1' }).end()
      return
    }
    respond(options, request, response).catch((err: unknown) => {
      options.log.error({ err, url: request.url }, 'a metadata request failed')
      if (!response.headersSent) response.writeHead(500, { server: 'EC2ws' })
      response.end()
    })
  }
}

/**
 * A server with the listener and its limits. Listen on it inside the VPC's namespace, or hand it accepted
 * connections: `server.emit('connection', socket)`.
 */
export function createMetadataServer(options: MetadataListenerOptions): Server {
  const server = createServer(
    {
      maxHeaderSize: HEADER_BYTES_MAX,
      headersTimeout: REQUEST_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
      connectionsCheckingInterval: 1_000,
    },
    createMetadataListener(options),
  )
  limitConnections(server)
  return server
}

/**
 * Node watches the time limits and counts connections of servers that listen themselves. This one may be handed its
 * connections, so both are done here: guests that hold connections open must not use up ours.
 */
function limitConnections(server: Server): void {
  let count = 0
  server.prependListener('connection', (socket) => {
    if (count >= CONNECTIONS_MAX) return void socket.destroy()
    count += 1
    socket.once('close', () => (count -= 1))
  })
  // What starts the watch over headersTimeout and requestTimeout; harmless when it really listens later.
  server.emit('listening')
}

function addressOf(request: IncomingMessage): string {
  return request.socket.remoteAddress?.replace(/^::ffff:/, '') ?? ''
}

async function respond(
  options: MetadataListenerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const found = options.find(addressOf(request))
  const view = await withDeadline('metadata', FIND_DEADLINE_MS, found)
  const { method = '', url = '', headers } = request
  const answer = answerOf({ method, url, headers }, view, options, options.clock.now())
  response.writeHead(answer.status, answer.headers)
  response.end(method === 'HEAD' ? undefined : answer.body)
}
