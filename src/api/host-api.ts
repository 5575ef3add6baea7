/**
 * What only the host can do, beside AWS's own API, for the CLI and the console: describe the host, make images, list
 * templates, shut down. Requests are signed as AWS requests are (service name `brume`); only the first account may use
 * them.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { FaultError, invalidValue } from '../domain/faults.ts'
import { hypervisorWords } from '../domain/hypervisor-words.ts'
import type { HostDescription } from '../domain/machine.ts'
import type { ReachAnswer, ReachWords } from '../domain/reach.ts'
import type { HostAllocation } from '../domain/allocation.ts'
import type { Ask } from '../domain/recommend/read-ask.ts'
import type { Recommended } from '../domain/recommend/recommend.ts'
import type { Log } from '../lib/log.ts'
import { backupRoute, type BackupDoor } from './backup.ts'
import { askOf } from './recommend.ts'

export interface ImageListing {
  name: string
  kind: 'built' | 'official' | 'added'
  status: 'registered' | 'available' | 'building'
  imageId: string | null
  version: string | null
  sizeBytes: number | null
  description: string
  defaultUser: string
  /** Whether its machines start from a template; null: they boot. */
  fastLaunch: 'building' | 'ready' | 'failed' | null
}

/** A frozen machine that new ones start as copies of (docs/templates.md). */
export interface TemplateListing {
  key: string
  imageId: string
  imageName: string
  state: 'building' | 'ready' | 'failed'
  reason: string | null
  folder: string | null
  sizeBytes: number
  createdAt: number
  lastUsedAt: number | null
}

export interface ImageJob {
  operation: 'build' | 'pull' | 'add'
  name: string
  path: string | null
}

export interface JobProgress {
  step: string
  fraction: number | null
  detail: string
}

export interface ImageJobs {
  list(account: string): Promise<ImageListing[]>
  run(
    account: string,
    job: ImageJob,
    onProgress: (progress: JobProgress) => void,
    signal: AbortSignal,
  ): Promise<{ imageId: string }>
}

export interface HostApiOptions {
  /** The account that signed the request. @throws when the signature is wrong. */
  accountOf(request: IncomingMessage, body: Buffer): Promise<string>
  /** The first account, whose person runs the host. */
  ownerAccount: string | null
  hosts(): Promise<HostDescription[]>
  daemon(): { version: string; uptimeSeconds: number; rssBytes: number }
  images: ImageJobs
  templates(): Promise<TemplateListing[]>
  /** Whether one can reach another, and why not. @throws Faults. */
  explain(account: string, words: ReachWords): Promise<ReachAnswer>
  /** Which instance type suits a workload, and whether it fits here. */
  recommend(ask: Ask): Promise<Recommended>
  /** What hosts have promised, and what machines have of it. */
  allocation(): Promise<HostAllocation[]>
  /** With which CreateGateway makes one (docs/backup-gateway.md). */
  gatewayKey(): Promise<{ key: string; expiresAt: number }>
  /** The public half of the key with which this host logs in to hypervisors. */
  gatewaySshKey(): Promise<string>
  backup: BackupDoor
  /** What this host can do, and how to mend what it cannot. */
  doctor(): Promise<object>
  shutdown(options: { instances: boolean }): void
  log: Log
}

/** Requests here are a few words. */
const BODY_BYTES_MAX = 64 * 1024
const BACKUP_PATH = '/api/backup/'

export function createHostApi(options: HostApiOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const body = await readBody(request)
      const account = await options.accountOf(request, body)
      if (options.ownerAccount !== null && account !== options.ownerAccount) {
        const reason = 'only the account that owns this host may'
        throw new FaultError({ type: 'Unauthorized', action: 'host', reason })
      }
      await route(options, request, response, { account, body })
    } catch (error) {
      if (response.headersSent) return void response.end()
      const { status, message } = errorOf(error)
      if (status === 500) options.log.error({ err: error, url: request.url }, 'host API')
      answer(response, status, { error: message })
    }
  }
}

async function route(
  options: HostApiOptions,
  request: IncomingMessage,
  response: ServerResponse,
  call: { account: string; body: Buffer },
): Promise<void> {
  const path = (request.url ?? '').split('?')[0]
  switch (`${request.method} ${path}`) {
    case 'GET /api/host': {
      const hosts = await options.hosts()
      const told = hosts.map((host) => ({
        ...host,
        words: hypervisorWords(host.hypervisor, host.isSimulated),
      }))
      return answer(response, 200, { ...told[0], hosts: told, daemon: options.daemon() })
    }
    case 'GET /api/images':
      return answer(response, 200, await options.images.list(call.account))
    case 'GET /api/templates':
      return answer(response, 200, { templates: await options.templates() })
    case 'POST /api/net/explain':
      return answer(response, 200, await options.explain(call.account, wordsOf(call.body)))
    case 'GET /api/allocation':
      return answer(response, 200, { hosts: await options.allocation() })
    case 'GET /api/doctor':
      return answer(response, 200, await options.doctor())
    case 'POST /api/recommend':
      return answer(response, 200, await options.recommend(askOf(call.body)))
    case 'POST /api/gateway/key':
      return answer(response, 200, await options.gatewayKey())
    case 'GET /api/gateway/ssh-key':
      return answer(response, 200, { key: await options.gatewaySshKey() })
    case 'POST /api/images':
      return imageJob(options, request, response, call.account, jobOf(call.body))
    case 'POST /api/shutdown': {
      const { instances } = JSON.parse(call.body.toString() || '{}') as { instances?: boolean }
      answer(response, 202, { status: 'shutting down' })
      return options.shutdown({ instances: instances === true })
    }
    default:
      if (request.method === 'POST' && path?.startsWith(BACKUP_PATH)) {
        const name = path.slice(BACKUP_PATH.length)
        if (await backupRoute(options.backup, name, call, response)) return
      }
      return answer(response, 404, { error: `there is no ${request.method} ${path}` })
  }
}

function wordsOf(body: Buffer): ReachWords {
  const json = JSON.parse(body.toString() || '{}') as Partial<Record<keyof ReachWords, unknown>>
  const word = (name: keyof ReachWords): string => {
    const value = json[name]
    if (typeof value !== 'string') throw invalidValue(name, value, 'a word is needed')
    return value
  }
  return { from: word('from'), to: word('to'), port: word('port') }
}

function jobOf(body: Buffer): ImageJob {
  const json = JSON.parse(body.toString() || '{}') as Partial<ImageJob>
  const { operation, name, path } = json
  if (operation !== 'build' && operation !== 'pull' && operation !== 'add') {
    throw invalidValue('operation', operation, 'build, pull or add')
  }
  if (typeof name !== 'string') throw invalidValue('name', name, 'the name of an image')
  return { operation, name, path: typeof path === 'string' ? path : null }
}

/** Answers with one JSON line for each step of progress; the last has `imageId` or `error`. */
async function imageJob(
  options: HostApiOptions,
  request: IncomingMessage,
  response: ServerResponse,
  account: string,
  job: ImageJob,
): Promise<void> {
  const controller = new AbortController()
  response.once('close', () => {
    if (!response.writableFinished) controller.abort(new Error('the client left'))
  })
  request.socket.setTimeout(0)
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const line = (value: object): void => void response.write(`${JSON.stringify(value)}\n`)
  try {
    line(await options.images.run(account, job, line, controller.signal))
  } catch (error) {
    const { status, message } = errorOf(error)
    if (status === 500) options.log.error({ err: error, job }, 'image job failed')
    line({ error: message })
  }
  response.end()
}

function errorOf(error: unknown): { status: number; message: string } {
  if (error instanceof FaultError) {
    const { fault } = error
    const status = fault.type === 'Unauthorized' ? 403 : 400
    if (fault.type === 'InvalidValue') {
      return { status, message: `${fault.parameter} '${fault.value}': ${fault.reason}` }
    }
    if (fault.type === 'NotFound') {
      return { status: 404, message: `no ${fault.kind} ${fault.ids.join(', ')}` }
    }
    if (fault.type === 'Service') return { status, message: fault.message }
    return { status, message: 'reason' in fault ? fault.reason : fault.type }
  }
  const message = error instanceof Error ? error.message : String(error)
  const status = (error as { status?: number }).status
  return { status: typeof status === 'number' ? status : 500, message }
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(`${body}\n`)
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > BODY_BYTES_MAX) throw invalidValue('body', size, `at most ${BODY_BYTES_MAX} bytes`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}
