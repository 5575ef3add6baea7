/**
 * A whole cloud for API tests: store, control plane, one simulated host, the edge and its HTTP port, all in this
 * process; and the official SDK's clients to drive it. What a test sees is what a user of the SDK sees.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BackupClient } from '@aws-sdk/client-backup'
import { BackupGatewayClient } from '@aws-sdk/client-backup-gateway'
import { ElasticLoadBalancingV2 } from '@aws-sdk/client-elastic-load-balancing-v2'
import { EC2, EC2ServiceException } from '@aws-sdk/client-ec2'
import { IAMClient } from '@aws-sdk/client-iam'
import { KMSClient } from '@aws-sdk/client-kms'
import { EBSClient } from '@aws-sdk/client-ebs'
import { OrganizationsClient } from '@aws-sdk/client-organizations'
import { SSMClient } from '@aws-sdk/client-ssm'
import { STSClient } from '@aws-sdk/client-sts'
import {
  createSimulatedAgent,
  type SimulatedAgent,
  type SimulatedOptions,
} from '../../src/agent/simulated-agent.ts'
import { startApp, type RunningApp } from '../../src/app/app.ts'
import type { Ctx } from '../../src/app/context.ts'
import { defaultNetworkEnsure } from '../../src/app/network/default-network.ts'
import { credentialsFind } from '../../src/app/iam/sessions.ts'
import type { SettingsOfCloud } from '../../src/app/settings.ts'
import { authorise } from '../../src/aws/authorisation/authorise.ts'
import type { Authentication, Credentials } from '../../src/aws/auth/authenticate.ts'
import { ec2Launches } from '../../src/aws/ec2/launches.ts'
import { createDispatch, type DispatchOptions } from '../../src/aws/dispatch.ts'
import type { Via } from '../../src/aws/edge-request.ts'
import { startHttpServer, type HttpServer } from '../../src/aws/http-server.ts'
import { operationsFromFiles } from '../../src/aws/operation-files.ts'
import { parseAccountId } from '../../src/domain/ids.ts'
import { silentLog, type Log } from '../../src/lib/log.ts'
import { systemClock, type Clock } from '../../src/lib/time.ts'
import { openStore } from '../../src/store/sql-store.ts'
import type { Store } from '../../src/store/store.ts'
import { imageInsert, TINY } from './app.ts'

export const ACCOUNT = '111122223333'
export const REGION = 'us-east-1'

/** The one key that a strict cloud of a test knows. */
export const ROOT_KEY = {
  accessKeyId: 'AKIACLOUDTESTEXAMPLE',
  secretAccessKey: 'a-secret/for+tests',
}

export interface CloudOptions {
  /** `open`: the access key id names the account; `strict`: `ROOT_KEY` signs for `ACCOUNT`. */
  mode?: Authentication['mode']
  simulated?: Partial<SimulatedOptions>
  settings?: Partial<SettingsOfCloud>
  clock?: Clock
  /** What is in the store already when the cloud starts. */
  before?: (store: Store) => Promise<void>
  /** Silent unless a test is being looked into. */
  log?: Log
}

export interface ClientOptions {
  /** Another account: open mode only. */
  account?: string
  region?: string
  /** Another port of the cloud's. */
  url?: string
  /** Anything else the SDK's clients take. */
  credentials?: { accessKeyId: string; secretAccessKey: string; sessionToken?: string }
}

export interface TestCloud extends AsyncDisposable {
  url: string
  app: RunningApp
  agent: SimulatedAgent
  /** Where the host's vaults lie. */
  vaultsFolder: string
  /** A client of `ACCOUNT` in `REGION`. */
  ec2: EC2
  ec2Of(options: ClientOptions): EC2
  elbOf(options?: ClientOptions): ElasticLoadBalancingV2
  iamOf(options?: ClientOptions): IAMClient
  stsOf(options?: ClientOptions): STSClient
  ssmOf(options?: ClientOptions): SSMClient
  kmsOf(options?: ClientOptions): KMSClient
  ebsOf(options?: ClientOptions): EBSClient
  backupOf(options?: ClientOptions): BackupClient
  gatewayOf(options?: ClientOptions): BackupGatewayClient
  organizationsOf(options?: ClientOptions): OrganizationsClient
  /** The same cloud as guests meet it at an address of their VPC. */
  servedAt(via: Via): Promise<string>
  close(): Promise<void>
}

export async function startTestCloud(options: CloudOptions = {}): Promise<TestCloud> {
  const { mode = 'open', clock = systemClock, log = silentLog } = options
  const folder = await mkdtemp(join(tmpdir(), 'brume-cloud-'))
  const store = await openStore({ path: join(folder, 'brume.db') })
  await options.before?.(store)
  const agent = createSimulatedAgent({
    hostId: 'host-1',
    clock,
    vaultsFolder: join(folder, 'vaults'),
    ...options.simulated,
  })
  const app = await startApp({
    store,
    agents: [agent],
    log,
    clock,
    launches: ec2Launches,
    ...(options.settings && { settings: options.settings }),
  })
  if (!(await store.get('image', TINY))) await imageInsert(app)
  const dispatch = createDispatch(dispatchOptions(app, mode, log))
  const listen = { host: '127.0.0.1', port: 0, log }
  const server = await startHttpServer({ ...listen, dispatch })
  const others: HttpServer[] = []
  const clients: { destroy(): void }[] = []
  const kept = <C extends { destroy(): void }>(client: C): C => {
    clients.push(client)
    return client
  }
  const configOf = (client: ClientOptions = {}) => ({
    endpoint: client.url ?? server.url,
    region: client.region ?? REGION,
    // A test wants to see the first answer.
    maxAttempts: 1,
    credentials:
      client.credentials ??
      (mode === 'strict'
        ? ROOT_KEY
        : { accessKeyId: client.account ?? ACCOUNT, secretAccessKey: 'unused' }),
  })
  const ec2Of = (client: ClientOptions): EC2 => kept(new EC2(configOf(client)))
  const close = async (): Promise<void> => {
    for (const client of clients) client.destroy()
    await Promise.all([server, ...others].map((each) => each.close(100)))
    await app.close()
    await rm(folder, { recursive: true })
  }
  return {
    url: server.url,
    app,
    agent,
    vaultsFolder: join(folder, 'vaults'),
    ec2: ec2Of({}),
    ec2Of,
    elbOf: (client) => kept(new ElasticLoadBalancingV2(configOf(client))),
    iamOf: (client) => kept(new IAMClient(configOf(client))),
    stsOf: (client) => kept(new STSClient(configOf(client))),
    ssmOf: (client) => kept(new SSMClient(configOf(client))),
    kmsOf: (client) => kept(new KMSClient(configOf(client))),
    backupOf: (client) => kept(new BackupClient(configOf(client))),
    ebsOf: (client) => kept(new EBSClient(configOf(client))),
    gatewayOf: (client) => kept(new BackupGatewayClient(configOf(client))),
    organizationsOf: (client) => kept(new OrganizationsClient(configOf(client))),
    servedAt: async (via) => {
      const other = await startHttpServer({
        ...listen,
        dispatch: (raw) => dispatch({ ...raw, via }),
      })
      others.push(other)
      return other.url
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

function dispatchOptions(app: RunningApp, mode: Authentication['mode'], log: Log): DispatchOptions {
  return {
    auth: {
      mode,
      credentialsOf: async (id, token) =>
        id === ROOT_KEY.accessKeyId && token === undefined
          ? rootCredentials()
          : credentialsFind(app, id, token),
      now: () => app.clock.now(),
      defaultRegion: REGION,
    },
    // As in the real composition: an account has its default network when it is first seen.
    contextOf: async (request): Promise<Ctx> => {
      if (request.principal.type !== 'anonymous') {
        await defaultNetworkEnsure(app, request.account, request.region)
      }
      return { ...request, app }
    },
    authorise,
    operations: operationsFromFiles(),
    tokenKey: randomBytes(32),
    log,
    trail: app.trail,
  }
}

function rootCredentials(): Credentials {
  const { accessKeyId } = ROOT_KEY
  const arn = `arn:aws:iam::${ACCOUNT}:root`
  return {
    ...ROOT_KEY,
    account: parseAccountId(ACCOUNT),
    principal: { type: 'root', arn, id: ACCOUNT, accessKeyId },
  }
}

/** The code and message of the error that a call ends in; fails when it does not. */
export async function errorOf(call: Promise<unknown>): Promise<{ code: string; message: string }> {
  try {
    await call
  } catch (error) {
    if (error instanceof EC2ServiceException) return { code: error.name, message: error.message }
    throw error
  }
  throw new Error('the call succeeded, an error was expected')
}

/** Only the code. */
export async function codeOf(call: Promise<unknown>): Promise<string> {
  return (await errorOf(call)).code
}
