/** An edge on a loopback port for tests: real HTTP, real codecs, operations given by the test. */
import type { Ctx } from '../../../src/app/context.ts'
import type { Authentication, Credentials } from '../../../src/aws/auth/authenticate.ts'
import { createDispatch } from '../../../src/aws/dispatch.ts'
import type { Dispatch, DispatchOptions, RequestReport } from '../../../src/aws/dispatch.ts'
import type { EdgeRequest } from '../../../src/aws/edge-request.ts'
import { startHttpServer } from '../../../src/aws/http-server.ts'
import type { HttpServer, HttpServerOptions } from '../../../src/aws/http-server.ts'
import { operationsFromFiles } from '../../../src/aws/operation-files.ts'
import type { OperationSource } from '../../../src/aws/operation-files.ts'
import type { AnyOperation } from '../../../src/aws/operation.ts'
import { parseAccountId } from '../../../src/domain/ids.ts'
import { silentLog } from '../../../src/lib/log.ts'

export const ACCESS_KEY = {
  accessKeyId: 'AKIAEDGETESTEXAMPLE1',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG',
}
export const SESSION_KEY = {
  accessKeyId: 'ASIAEDGETESTEXAMPLE1',
  secretAccessKey: 'another/secret+key',
  sessionToken: 'a-session-token/+=',
}

export const ACCOUNT = parseAccountId('123456789012')

export async function credentialsOf(accessKeyId: string): Promise<Credentials | undefined> {
  const known = [ACCESS_KEY, SESSION_KEY].find((key) => key.accessKeyId === accessKeyId)
  if (known === undefined) return undefined
  const arn = `arn:aws:iam::${ACCOUNT}:user/test`
  return {
    ...known,
    account: ACCOUNT,
    principal: { type: 'user', arn, id: 'AIDATEST', accessKeyId },
  }
}

/** By `service/Operation`. */
export type Operations = Record<string, AnyOperation>

export function operationsFrom(table: Operations): OperationSource {
  return {
    has: (service, operation) => Object.hasOwn(table, `${service}/${operation}`),
    load: async (service, operation) => table[`${service}/${operation}`]!,
  }
}

export interface Edge extends AsyncDisposable {
  server: HttpServer
  url: string
  dispatch: Dispatch
  reports: RequestReport[]
}

export interface EdgeOptions {
  operations?: Operations
  auth?: Partial<Authentication>
  http?: Partial<HttpServerOptions>
  dispatch?: Partial<DispatchOptions>
}

export async function startEdge(options: EdgeOptions = {}): Promise<Edge> {
  const reports: RequestReport[] = []
  const dispatch = createDispatch({
    auth: {
      mode: 'strict',
      credentialsOf,
      now: () => Date.now(),
      defaultRegion: 'us-east-1',
      ...options.auth,
    },
    contextOf: (request: EdgeRequest) => ({ ...request, app: undefined }) as unknown as Ctx,
    operations: options.operations ? operationsFrom(options.operations) : operationsFromFiles(),
    tokenKey: Buffer.alloc(32, 7),
    log: silentLog,
    onRequest: (report) => reports.push(report),
    ...options.dispatch,
  })
  const server = await startHttpServer({
    dispatch,
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    ...options.http,
  })
  return {
    server,
    url: server.url,
    dispatch,
    reports,
    [Symbol.asyncDispose]: () => server.close(100),
  }
}
