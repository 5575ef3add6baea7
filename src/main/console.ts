/** The web console put together: its files, its API, its sign-in and its streams, as routes of the one port. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'
import { createConsoleApi, type ServiceOfConsole } from '../api/console/api.ts'
import { createConsoleAssets, type ConsoleSource } from '../api/console/assets.ts'
import { createBackupFiles } from '../api/console/backup-files.ts'
import type { BackupDoor } from '../api/backup.ts'
import type { Feed } from '../api/console/feed.ts'
import { createLinks } from '../api/console/links.ts'
import { createSerialHub } from '../api/console/serial.ts'
import { createLinkSignIn } from '../api/console/sign-in.ts'
import { createStreams, type Streams } from '../api/console/streams.ts'
import type { App, Ctx } from '../app/context.ts'
import { authorise } from '../aws/authorisation/authorise.ts'
import { authenticate, type Authentication } from '../aws/auth/authenticate.ts'
import { isNoted, trailEvent, type EndedCall } from '../aws/cloudtrail/record.ts'
import type { EdgeRequest } from '../aws/edge-request.ts'
import { faultError } from '../aws/faults.ts'
import { readHead, type Route } from '../aws/http-server.ts'
import { FaultError } from '../domain/faults.ts'
import { parseAccountId } from '../domain/ids.ts'
import type { Log } from '../lib/log.ts'
import { VERSION } from './version.ts'

export interface ConsoleOptions {
  app: App
  auth: Authentication
  feed: Feed
  source: ConsoleSource
  /** For clients that are no browsers. */
  welcome: string
  isSimulated: boolean
  backup: BackupDoor
  log: Log
}

export interface Console {
  routes: readonly Route[]
  upgrade: Streams['upgrade']
  close(): void
}

export function createConsole(options: ConsoleOptions): Console {
  const { app, auth, feed, log } = options
  const links = createLinks(app.clock)
  const backupFiles = createBackupFiles(options.backup, app.clock)
  const streams = createStreams({ clock: app.clock, log })
  const handle = createConsoleApi({
    callerOf: (request, body) => callerOf(app, auth, request, body),
    authorise: (ctx, service, operation, input) => permit(ctx, service, operation, input),
    feed,
    links,
    streams,
    serial: createSerialHub(),
    backup: backupFiles,
    log,
    ...(options.isSimulated && { dial: nobodyThere }),
  })
  const assets = createConsoleAssets(options)
  const info = {
    version: VERSION,
    auth: auth.mode,
    region: auth.defaultRegion,
    isSimulated: options.isSimulated,
  }
  return {
    routes: [
      { path: '/', handle: assets },
      { path: '/console/*', handle: assets },
      { path: '/assets/*', handle: assets },
      { path: '/theme.js', handle: assets },
      { path: '/icon.svg', handle: assets },
      {
        path: '/api/console/info',
        handle: (_request, response) => {
          const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
          response.writeHead(200, headers).end(`${JSON.stringify(info)}\n`)
        },
      },
      { path: '/api/sign-in/link', handle: createLinkSignIn(app, links, auth.defaultRegion) },
      { path: '/api/console/downloads/*', handle: backupFiles.download },
      { path: '/api/console/*', isSigned: true, handle },
    ],
    upgrade: streams.upgrade,
    close: () => {
      feed.close()
      streams.close()
    },
  }
}

/** Addresses of simulated machines are numbers in a table: whoever has them in some network is not to be called. */
function nobodyThere(): Socket {
  const socket = new Socket()
  setImmediate(() =>
    socket.destroy(new Error('this host is simulated: no guest has an SSH server')),
  )
  return socket
}

async function callerOf(
  app: App,
  auth: Authentication,
  request: IncomingMessage,
  body: Buffer,
): Promise<Ctx> {
  const caller = await authenticate(auth, { ...readHead(request), body }, 'rest-json', false)
  return {
    app,
    ...caller,
    requestId: randomUUID(),
    requestHash: '',
    sourceIp: request.socket.remoteAddress ?? '',
    userAgent: request.headers['user-agent'],
  }
}

/** As the edge does it for a call: may they, and what is noted of it. */
async function permit(
  ctx: Ctx,
  service: ServiceOfConsole,
  operation: string,
  input: Record<string, unknown>,
): Promise<void> {
  const edge = edgeOf(ctx, service, operation)
  const note = (error?: EndedCall['error']): void => {
    // A console that may see nothing asks again and again; and to look into folders is no restore, a file is.
    const isLook = service === 'ec2' || (service === 'backup' && !error && !input.Path)
    if (isLook || !isNoted(edge, error?.code)) return
    const at = ctx.app.clock.now()
    ctx.app.trail.note(() => trailEvent({ edge, input, output: {}, error, at }))
  }
  try {
    await authorise(ctx, edge, input)
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    const { code, message, status } = faultError(service, 'json', error.fault)
    note({ code, message, status })
    throw error
  }
  note()
}

function edgeOf(ctx: Ctx, service: ServiceOfConsole, operation: string): EdgeRequest {
  const { region, principal, requestId, requestHash, sourceIp = '', userAgent } = ctx
  const account = parseAccountId(ctx.account)
  const by = { requestId, requestHash, sourceIp, userAgent }
  return { account, region, principal, ...by, service, operation }
}
