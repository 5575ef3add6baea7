/**
 * VPC endpoints as guests meet them: the cloud's own HTTP port, plain and by TLS, at the endpoints' private addresses,
 * from sockets inside the namespaces. TLS answers with certificates of an authority of this cloud; who is to trust it
 * gets it at `/endpoint-ca.pem` of any endpoint (docs/networking.md).
 */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto'
import type { Server as TcpServer, Socket } from 'node:net'
import { join } from 'node:path'
import { createSecureContext, createServer as createTlsServer, type SecureContext } from 'node:tls'
import type { HostAgent } from '../agent/protocol.ts'
import { ENDPOINT_PORTS, type VpcNetworkPlan } from '../domain/network-plan.ts'
import type { VpcId } from '../domain/ids.ts'
import type { Fabric } from '../fabric/fabric.ts'
import { authorityMake, serverCertificateMake, type Authority } from '../lib/certificates.ts'
import { readJson, writeFileDurable, writeJsonDurable } from '../lib/fs-durable.ts'
import type { Log } from '../lib/log.ts'
import type { Clock } from '../lib/time.ts'

const AUTHORITY = 'Brume endpoints'
/** As long as the copies of it that guests hold. */
const AUTHORITY_MS = 20 * 365 * 86_400_000
const SERVER_MS = 365 * 86_400_000
const RENEWAL_MS = 30 * 86_400_000
/** What a client may ask for by name: a service of a region, or a name of one endpoint's own. */
const SERVED = /^(?:[a-z0-9-]+\.)+amazonaws\.com$/
/** Names of which certificates are kept. */
const CONTEXTS_MAX = 200

export interface EndpointService {
  /** The agent, which has every statement of networks followed by the endpoints. */
  watching(agent: HostAgent): HostAgent
  /** From now on connections go to this server, each with the VPC it comes from: addresses repeat. */
  attach(accept: (socket: Socket, vpcId: VpcId) => void): void
  authorityPem: string
  close(): void
}

export async function serveEndpoints(options: {
  folder: string
  fabric: Pick<Fabric, 'listenInNamespace' | 'onNamespace'>
  log: Log
  clock: Clock
}): Promise<EndpointService> {
  const { fabric, log } = options
  const authority = await authorityOf(options.folder, options.clock)
  const SNICallback = certificatesBy(authority, options.clock)
  let handler: ((socket: Socket, vpcId: VpcId) => void) | null = null
  const accept = (socket: Socket, vpcId: VpcId): void => {
    if (handler) handler(socket, vpcId)
    else socket.destroy()
  }
  const tlsOf = (vpcId: VpcId) =>
    createTlsServer({ SNICallback }, (socket) => accept(socket, vpcId)).on(
      'tlsClientError',
      (err: Error) => log.debug({ err, vpc: vpcId }, 'TLS of an endpoint'),
    )
  const open = new Map<string, TcpServer[]>()
  const shut = (key: string): void => {
    for (const server of open.get(key) ?? []) server.close()
    open.delete(key)
  }
  const listen = async (vpcId: VpcId, address: string): Promise<void> => {
    const key = `${vpcId} ${address}`
    if (open.has(key)) return
    const servers: TcpServer[] = []
    open.set(key, servers)
    const listenAt = async (port: number, onConnection: (socket: Socket) => void) => {
      const server = await fabric.listenInNamespace(vpcId, { address, port })
      server.on('connection', onConnection)
      servers.push(server)
      // Shut meanwhile: nobody else would close it, and its socket would keep the namespace alive.
      if (open.get(key) !== servers) server.close()
    }
    try {
      const tls = tlsOf(vpcId)
      await listenAt(ENDPOINT_PORTS.plain, (socket) => accept(socket, vpcId))
      await listenAt(ENDPOINT_PORTS.tls, (socket) => void tls.emit('connection', socket))
    } catch (err) {
      shut(key)
      log.error({ err, vpc: vpcId, address }, 'an endpoint is not served')
    }
  }
  const follow = async (plans: readonly VpcNetworkPlan[]): Promise<void> => {
    const wanted = plans.flatMap(({ vpcId, endpoints = [] }) =>
      endpoints.map(({ address }) => ({ vpcId, address })),
    )
    const keys = new Set(wanted.map(({ vpcId, address }) => `${vpcId} ${address}`))
    for (const key of [...open.keys()]) if (!keys.has(key)) shut(key)
    await Promise.all(wanted.map(({ vpcId, address }) => listen(vpcId, address)))
  }
  // An open socket would keep a dead namespace alive; the next statement opens them anew.
  const stop = fabric.onNamespace((vpcId) => {
    for (const key of [...open.keys()]) if (key.startsWith(`${vpcId} `)) shut(key)
  })
  return {
    authorityPem: authority.certificatePem,
    attach: (next) => {
      handler = next
    },
    watching: (agent) => ({
      ...agent,
      networkEnsure: async (plans) => {
        await agent.networkEnsure(plans)
        await follow(plans)
      },
    }),
    close: () => {
      stop()
      for (const key of [...open.keys()]) shut(key)
    },
  }
}

/** Kept under `folder`, made at the first call. */
async function authorityOf(folder: string, clock: Clock): Promise<Authority> {
  const path = join(folder, 'endpoint-authority.json')
  const known = await readJson<{ privateKeyPem: string; certificatePem: string }>(path)
  if (known) {
    const key = createPrivateKey(known.privateKeyPem)
    const publicKey = createPublicKey(key).export({ type: 'spki', format: 'der' }) as Buffer
    return { ...known, subject: AUTHORITY, key, publicKey }
  }
  const made = authorityMake(AUTHORITY, validity(clock, AUTHORITY_MS))
  const { privateKeyPem, certificatePem } = made
  // First: what is written last is what the next start looks for.
  await writeFileDurable(join(folder, 'endpoint-ca.pem'), certificatePem, { mode: 0o644 })
  await writeJsonDurable(path, { privateKeyPem, certificatePem })
  return made
}

function validity(clock: Clock, lifetimeMs: number) {
  const now = clock.now()
  // Guests' clocks may be a little behind.
  return { from: now - 3_600_000, to: now + lifetimeMs, serial: randomBytes(8) }
}

/** One certificate a name, made when it is first asked for. */
function certificatesBy(authority: Authority, clock: Clock) {
  const contexts = new Map<string, { context: SecureContext; from: number; to: number }>()
  return (name: string, done: (error: Error | null, context?: SecureContext) => void): void => {
    if (!SERVED.test(name)) return done(new Error(`no certificate for ${name}`))
    const known = contexts.get(name)
    const now = clock.now()
    // Made while the clock was wrong, or nearly a year ago: another one.
    if (known && now >= known.from && now < known.to - RENEWAL_MS) return done(null, known.context)
    if (contexts.size >= CONTEXTS_MAX) contexts.clear()
    const valid = validity(clock, SERVER_MS)
    const { certificatePem, privateKeyPem } = serverCertificateMake(authority, [name], valid)
    const context = createSecureContext({ cert: certificatePem, key: privateKeyPem })
    contexts.set(name, { context, from: valid.from, to: valid.to })
    done(null, context)
  }
}
