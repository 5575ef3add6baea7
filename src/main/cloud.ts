/**
 * The control plane with its port: store, reconcilers, AWS edge, host API, health. Standalone (daemon.ts), development
 * and tests (dev.ts) differ only in the hosts they hand in.
 */
import type { IncomingMessage } from 'node:http'
import type { HostAgent } from '../agent/protocol.ts'
import { createHostApi, type ImageJobs } from '../api/host-api.ts'
import type { ConsoleSource } from '../api/console/assets.ts'
import { createFeed } from '../api/console/feed.ts'
import { createSignIn } from '../api/sign-in.ts'
import { startApp, type RunningApp } from '../app/app.ts'
import { activationKeyMake } from '../app/gateway/activation.ts'
import { templatesList } from '../app/images/fast-launch.ts'
import { backupDoor } from './backup-door.ts'
import { defaultNetworkEnsure } from '../app/network/default-network.ts'
import { reachAsk } from '../app/network/reach/ask.ts'
import { credentialsFind } from '../app/iam/sessions.ts'
import { allocationsOf } from '../app/allocation.ts'
import { recommendHere } from '../app/recommend.ts'
import type { SettingsOfCloud } from '../app/settings.ts'
import { authorise } from '../aws/authorisation/authorise.ts'
import { authenticate, type Authentication } from '../aws/auth/authenticate.ts'
import { createDispatch } from '../aws/dispatch.ts'
import {
  createSocketServer,
  readHead,
  startHttpServer,
  type HttpServer,
  type Route,
  type SocketServer,
} from '../aws/http-server.ts'
import { ec2Launches } from '../aws/ec2/launches.ts'
import { operationsFromFiles } from '../aws/operation-files.ts'
import { FaultError } from '../domain/faults.ts'
import { present } from '../lib/assert.ts'
import type { Log } from '../lib/log.ts'
import { systemClock } from '../lib/time.ts'
import { openMetricStore } from '../store/metrics-store.ts'
import { observedStore } from '../store/observed.ts'
import { openStore } from '../store/sql-store.ts'
import { openTrailStore } from '../store/trail-store.ts'
import { createConsole } from './console.ts'
import { doctorAsk } from './doctor.ts'
import type { EndpointService } from './endpoint-service.ts'
import type { Home } from './home.ts'
import { createMetrics } from './metrics.ts'
import { credentialsOfRoot, sealKeyOf, secretOf, type RootCredentials } from './secrets.ts'
import { VERSION } from './version.ts'

export interface CloudOptions {
  home: Home
  root: RootCredentials
  agents: readonly HostAgent[]
  /** Doors inside VPCs. */
  endpoints?: EndpointService
  auth: 'strict' | 'open'
  host: string
  port: number
  log: Log
  databaseUrl?: string | undefined
  /** Locks the key that seals secrets (secrets.ts#sealKeyOf). */
  passphrase?: string | null
  settings?: Partial<SettingsOfCloud>
  /** The web console's files; absent: the port has none. */
  console?: ConsoleSource
  imageJobs(app: RunningApp): ImageJobs
  /** The control plane is up; the port is not yet. */
  onApp?: (app: RunningApp) => void
  shutdown(options: { instances: boolean }): void
}

export interface Cloud {
  app: RunningApp
  server: HttpServer
  /** For guests: AWS's services only. Null where signatures are not checked: a guest would own the cloud. */
  guests: SocketServer | null
  close(): Promise<void>
}

export async function startCloud(options: CloudOptions): Promise<Cloud> {
  const { home, root, log } = options
  const feed = createFeed()
  const opened = await openStore({
    path: home.database,
    ...(options.databaseUrl ? { url: options.databaseUrl } : {}),
  })
  const store = observedStore(opened, feed.push)
  const app = await startApp({
    store,
    agents: options.agents,
    launches: ec2Launches,
    metrics: openMetricStore(home.metrics),
    trail: openTrailStore(home.trail),
    log,
    sealKey: await sealKeyOf(home, options.passphrase ?? null),
    ...(options.settings ? { settings: options.settings } : {}),
  })
  options.onApp?.(app)
  const auth: Authentication = {
    mode: options.auth,
    credentialsOf: async (id, token) =>
      id === root.accessKeyId && token === undefined
        ? credentialsOfRoot(root)
        : credentialsFind(app, id, token),
    now: () => systemClock.now(),
    defaultRegion: root.region,
  }
  const metrics = createMetrics(app)
  const backup = backupDoor(app, options.home)
  const hostApi = createHostApi({
    accountOf: (request, body) => accountOf(auth, request, body),
    ownerAccount: options.auth === 'strict' ? root.account : null,
    hosts: async () => Promise.all(options.agents.map((agent) => agent.describe())),
    daemon: () => ({
      version: VERSION,
      uptimeSeconds: Math.round(process.uptime()),
      rssBytes: process.memoryUsage.rss(),
    }),
    images: options.imageJobs(app),
    templates: () => templatesList(app),
    explain: (account, words) => reachAsk(app, account, words),
    recommend: (ask) => recommendHere(app, ask),
    allocation: () => allocationsOf(app),
    gatewayKey: () => activationKeyMake(app),
    gatewaySshKey: () => present(options.agents[0], 'a host').hypervisorSshKey(),
    backup,
    doctor: () => doctorAsk(options.home),
    shutdown: options.shutdown,
    log,
  })
  const dispatch = createDispatch({
    auth,
    contextOf: async (request) => {
      if (request.principal.type !== 'anonymous') {
        await defaultNetworkEnsure(app, request.account, request.region)
      }
      return { ...request, app }
    },
    authorise,
    operations: operationsFromFiles(),
    tokenKey: await secretOf(home, 'page-tokens'),
    log,
    onRequest: metrics.onRequest,
    trail: app.trail,
  })
  /** What anybody may see, guests by an endpoint of their VPC too. */
  const endpointRoutes: Route[] = [
    {
      path: '/health',
      handle: (_request, response) => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(`${JSON.stringify({ status: 'ok', version: VERSION })}\n`)
      },
    },
    ...(options.endpoints ? [authorityRoute(options.endpoints.authorityPem)] : []),
  ]
  const isSimulated = app.hosts.some(({ description }) => description.isSimulated)
  const webConsole = options.console
    ? createConsole({
        app,
        auth,
        feed,
        source: options.console,
        welcome: welcome(root.region),
        isSimulated,
        backup,
        log,
      })
    : null
  const server = await startHttpServer({
    dispatch,
    routes: [
      ...endpointRoutes,
      { path: '/metrics', handle: metrics.handle },
      ...(webConsole?.routes ?? []),
      { path: '/', handle: (_request, response) => void response.end(welcome(root.region)) },
      { path: '/api/sign-in', handle: createSignIn(app, root.region) },
      { path: '/api/*', isSigned: true, handle: hostApi },
    ],
    host: options.host,
    port: options.port,
    log,
    ...(webConsole && { upgrade: webConsole.upgrade }),
  })
  // Where signatures are not checked, guests reach nothing.
  const guests =
    options.auth === 'strict' ? createSocketServer({ dispatch, log, clock: systemClock }) : null
  const interfaceEndpoints =
    options.auth === 'strict'
      ? createSocketServer({ dispatch, log, clock: systemClock, routes: endpointRoutes })
      : null
  options.endpoints?.attach((socket, vpcId) =>
    interfaceEndpoints ? interfaceEndpoints.handle(socket, vpcId) : socket.destroy(),
  )
  return {
    app,
    server,
    guests,
    close: async () => {
      guests?.close()
      interfaceEndpoints?.close()
      webConsole?.close()
      await server.close()
      await app.close()
    },
  }
}

/** What guests must trust to speak TLS with endpoints. */
function authorityRoute(authorityPem: string): Route {
  return {
    path: '/endpoint-ca.pem',
    handle: (_request, response) => {
      response.writeHead(200, { 'content-type': 'application/x-pem-file' })
      response.end(authorityPem)
    },
  }
}

/**
 * Who signed a request to the host API: the same check as AWS requests get. Policies have no words for what it does
 * (files of the host, the end of the daemon): only root may, never a user or a guest's role.
 */
async function accountOf(auth: Authentication, request: IncomingMessage, body: Buffer) {
  const caller = await authenticate(auth, { ...readHead(request), body }, 'rest-json', false)
  const { type, session } = caller.principal
  // A session that root's own key or link made for the console is root still; one of a federation or an account is not.
  if (type !== 'root' || (session && !session.isConsole)) {
    const reason = `only the root key may ask the host, not ${caller.principal.arn}`
    throw new FaultError({ type: 'Unauthorized', action: 'host', reason })
  }
  return caller.account
}

/** What a browser shows that finds this port. */
function welcome(region: string): string {
  return [
    `Brume ${VERSION}: the EC2 API on this machine. This is an endpoint for AWS's own tools:`,
    '',
    '  eval "$(./brume env)"',
    `  aws ec2 describe-instances --region ${region}`,
    '',
    'Health: /health   Metrics: /metrics   What is served: docs/aws-coverage.md',
    '',
  ].join('\n')
}
