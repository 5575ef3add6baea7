/**
 * What guests of every VPC are served: instance metadata and the AWS API, each on a socket inside the VPC's namespace,
 * so that a guest is known by its private address. Requests that come before the control plane is up wait for it.
 */
import type { Server as HttpServer } from 'node:http'
import type { Socket } from 'node:net'
import { randomBytes } from 'node:crypto'
import type { RunningApp } from '../app/app.ts'
import { metadataOf } from '../app/metadata.ts'
import type { SocketServer } from '../aws/http-server.ts'
import { identityKeysOf } from '../aws/imds/identity-keys.ts'
import { createMetadataServer } from '../aws/imds/listener.ts'
import type { VpcId } from '../domain/ids.ts'
import type { Fabric } from '../fabric/fabric.ts'
import { API_ADDRESS, API_PORT, METADATA_ADDRESS } from '../fabric/names.ts'
import type { Log } from '../lib/log.ts'
import type { Clock } from '../lib/time.ts'
import type { Home } from './home.ts'
import { secretOf } from './secrets.ts'

const METADATA_SOCKET = { address: METADATA_ADDRESS, port: 80 }
const API_SOCKET = { address: API_ADDRESS, port: API_PORT }

export interface MetadataService {
  /** From now on requests are answered from this control plane. */
  attach(app: RunningApp): void
  /** The API for guests; null: they get none. */
  attachApi(api: SocketServer | null): void
  close(): Promise<void>
}

export async function serveMetadata(options: {
  home: Home
  fabric: Fabric
  log: Log
  clock: Clock
}): Promise<MetadataService> {
  const { home, fabric, log, clock } = options
  const app = Promise.withResolvers<RunningApp>()
  const api = Promise.withResolvers<SocketServer | null>()
  const tokenSecret = await secretOf(home, 'metadata-tokens')
  const random = { bytes: (length: number) => randomBytes(length) }
  const identity = await identityKeysOf(home.keys, { clock, random })
  const served = new Map<VpcId, { http: HttpServer; close(): void }>()
  const serve = async (vpcId: VpcId): Promise<void> => {
    served.get(vpcId)?.close()
    const http = createMetadataServer({
      find: async (address) => metadataOf(await app.promise, vpcId, address),
      clock,
      log,
      tokenSecret,
      identity,
    })
    const socket = await fabric.listenInNamespace(vpcId, METADATA_SOCKET)
    socket.on('connection', (connection) => http.emit('connection', connection))
    const apiSocket = await fabric.listenInNamespace(vpcId, API_SOCKET).catch((error: unknown) => {
      // Nobody else would close it, and it would keep the namespace alive.
      socket.close()
      throw error
    })
    apiSocket.on('connection', (connection) => void apiServe(connection, vpcId))
    const close = (): void => {
      socket.close()
      apiSocket.close()
      http.closeAllConnections()
      http.close()
    }
    served.set(vpcId, { http, close })
  }
  const apiServe = async (connection: Socket, vpcId: VpcId): Promise<void> => {
    // Before the port is up the guest waits, as it does for its metadata.
    connection.on('error', () => connection.destroy())
    const server = await api.promise
    if (server) server.handle(connection, vpcId)
    else connection.destroy()
  }
  const stop = fabric.onNamespace((vpcId, change) => {
    if (change === 'gone') {
      // An open socket would keep the dead namespace alive.
      served.get(vpcId)?.close()
      served.delete(vpcId)
      return
    }
    serve(vpcId).catch((err: unknown) => log.error({ err, vpc: vpcId }, 'no metadata service'))
  })
  return {
    attach: (running) => app.resolve(running),
    attachApi: (server) => api.resolve(server),
    close: async () => {
      stop()
      for (const { close } of served.values()) close()
    },
  }
}
