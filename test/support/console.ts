/** A simulated cloud with its web console, in the real composition: signatures checked, on a port of its own. */
import { Sha256 } from '@aws-crypto/sha256-js'
import { EC2 } from '@aws-sdk/client-ec2'
import { SignatureV4 } from '@smithy/signature-v4'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSimulatedAgent } from '../../src/agent/simulated-agent.ts'
import type { ConsoleSource } from '../../src/api/console/assets.ts'
import { imagesRegister } from '../../src/app/images/register.ts'
import { writeJsonDurable } from '../../src/lib/fs-durable.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/time.ts'
import { startCloud, type Cloud } from '../../src/main/cloud.ts'
import { openHome, type Home } from '../../src/main/home.ts'
import { rootCredentials, type RootCredentials } from '../../src/main/secrets.ts'
import { simulatedImage } from '../../src/main/simulated-image.ts'

export interface Keys {
  accessKeyId: string
  secretAccessKey: string
  sessionToken?: string
}

export interface ConsoleCloud {
  cloud: Cloud
  home: Home
  root: RootCredentials
  url: string
  ec2: EC2
  /** A request to the daemon's own API, signed. */
  signed(method: 'GET' | 'POST', path: string, body?: unknown, keys?: Keys): Promise<Response>
  close(): Promise<void>
}

const NOTHING: ConsoleSource = { state: async () => ({ status: 'building' }) }

export async function startConsoleCloud(
  options: {
    source?: (home: Home) => ConsoleSource
    delayMs?: number
    /** Of the host: for thousands of machines. */
    cpuCount?: number
    memoryMiB?: number
  } = {},
): Promise<ConsoleCloud> {
  const folder = await mkdtemp(join(tmpdir(), 'brume-console-'))
  const home = await openHome(folder)
  const root = await rootCredentials(home)
  const { delayMs = 0, cpuCount, memoryMiB } = options
  const host = { hostId: 'host-1', clock: systemClock, vaultsFolder: join(folder, 'vaults') }
  const size = { ...(cpuCount && { cpuCount }), ...(memoryMiB && { memoryMiB }) }
  const cloud = await startCloud({
    home,
    root,
    agents: [createSimulatedAgent({ ...host, delayMs, ...size })],
    auth: 'strict',
    host: '127.0.0.1',
    port: 0,
    log: silentLog,
    console: options.source?.(home) ?? NOTHING,
    imageJobs: () => ({
      list: async () => [],
      run: async () => {
        throw new Error('no images are made here')
      },
    }),
    shutdown: () => {},
  })
  await imagesRegister(cloud.app, [
    { manifest: simulatedImage(), imageFolder: 'tiny/simulated', owner: { type: 'amazon' } },
  ])
  const daemon = { pid: process.pid, port: cloud.server.port, startedAt: '', version: 'test' }
  await writeJsonDurable(home.daemonFile, daemon)
  const { url } = cloud.server
  const ec2 = new EC2({ endpoint: url, region: root.region, credentials: root, maxAttempts: 1 })
  return {
    cloud,
    home,
    root,
    url,
    ec2,
    signed: (method, path, body, keys = root) => signedFetch(url, { method, path, body, keys }),
    close: async () => {
      ec2.destroy()
      await cloud.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function signedFetch(
  url: string,
  request: { method: string; path: string; body: unknown; keys: Keys },
): Promise<Response> {
  const { method, path, body, keys } = request
  const text = body === undefined ? undefined : JSON.stringify(body)
  const { hostname, port, host } = new URL(url)
  const signer = new SignatureV4({
    service: 'brume',
    region: 'us-east-1',
    credentials: keys,
    sha256: Sha256,
  })
  const { headers } = await signer.sign({
    method,
    protocol: 'http:',
    hostname,
    port: Number(port),
    path,
    query: {},
    headers: { host, ...(text === undefined ? {} : { 'content-type': 'application/json' }) },
    ...(text === undefined ? {} : { body: text }),
  })
  return fetch(`${url}${path}`, { method, headers, ...(text === undefined ? {} : { body: text }) })
}
