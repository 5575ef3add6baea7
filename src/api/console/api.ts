/**
 * What the web console needs beside AWS's own API: what changed, as a stream; tickets for terminals and screens; one-
 * time links. Signed like AWS requests, and each needs the permission that AWS asks for the like.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { Ctx } from '../../app/context.ts'
import { machineAddress, machineReport } from '../../app/instances/machine.ts'
import { keyLent } from './lent-key.ts'
import { serialAccessCheck } from '../../app/serial-access.ts'
import { streamTargetOf, type StreamKind } from '../../app/instances/streams.ts'
import { FaultError } from '../../domain/faults.ts'
import type { Log } from '../../lib/log.ts'
import type { BackupFiles } from './backup-files.ts'
import type { Feed } from './feed.ts'
import type { Links } from './links.ts'
import { sessionOfKey } from './sign-in.ts'
import type { SerialHub } from './serial.ts'
import { privateKeyCheck, shellOpener, type ShellRequest } from './shell.ts'
import { sshBannerAwait } from './ssh-banner.ts'
import type { Streams } from './streams.ts'

export interface ConsoleApiOptions {
  /** Who signed the request. @throws when the signature is wrong. */
  callerOf(request: IncomingMessage, body: Buffer): Promise<Ctx>
  /** @throws Fault `Unauthorized` unless the caller may. */
  authorise(
    ctx: Ctx,
    service: ServiceOfConsole,
    operation: string,
    input: Record<string, unknown>,
  ): Promise<void>
  feed: Feed
  links: Links
  streams: Streams
  serial: SerialHub
  backup: BackupFiles
  log: Log
  dial?: ShellRequest['dial']
}

export type ServiceOfConsole = 'ec2' | 'ec2-instance-connect' | 'backup'

/** A private key is the largest thing that comes. */
const BODY_BYTES_MAX = 32 * 1024
const FEEDS_MAX = 256
const FEED_BUFFERED_BYTES_MAX = 1024 * 1024
/** Proxies cut what is silent for a minute. */
const FEED_ALIVE_MS = 20_000

const StreamRequest = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('serial'), instanceId: z.string().max(64) }),
  z.strictObject({ type: z.literal('screen'), instanceId: z.string().max(64) }),
  z.strictObject({
    type: z.literal('shell'),
    instanceId: z.string().max(64),
    user: z.string().regex(/^[a-z_][a-z0-9_.-]{0,31}$/i, 'a user name'),
    /** Absent: one is made and lent to the machine for a minute. */
    privateKey: z.string().max(16_384).optional(),
    passphrase: z.string().max(1024).optional(),
  }),
])

/** As AWS names it: who may use the serial console, and who may log in. */
const PERMISSIONS: Record<StreamKind, string> = {
  serial: 'SendSerialConsoleSSHPublicKey',
  screen: 'SendSerialConsoleSSHPublicKey',
  shell: 'SendSSHPublicKey',
}

export function createConsoleApi(options: ConsoleApiOptions) {
  const feeds = { count: 0 }
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    try {
      const body = await readBody(request)
      const ctx = await options.callerOf(request, body)
      const path = (request.url ?? '').split('?')[0]
      switch (`${request.method} ${path}`) {
        case 'GET /api/console/events':
          return await events(options, ctx, response, feeds)
        case 'POST /api/console/streams':
          return answer(response, 200, await streamTicket(options, ctx, body))
        case 'POST /api/console/session':
          return answer(response, 200, sessionMake(ctx))
        case 'POST /api/console/link':
          return answer(response, 200, linkMake(options, ctx))
        default: {
          const machine = MACHINE.exec(path ?? '')
          if (machine && request.method === 'GET') {
            return await machineAnswer(options, ctx, response, machine)
          }
          const inBackup = BACKUP.exec(path ?? '')
          if (inBackup && request.method === 'POST') {
            // A helper machine boots first.
            response.setTimeout(0)
            const found = await backupAnswer(options, ctx, inBackup[1]!, body)
            if (found) return answer(response, 200, found)
          }
          return answer(response, 404, { error: `there is no ${request.method} ${path}` })
        }
      }
    } catch (error) {
      if (response.headersSent) return void response.end()
      const { status, message } = errorOf(error)
      if (status === 500) options.log.error({ err: error, url: request.url }, 'console API')
      answer(response, status, { error: message })
    }
  }
}

const MACHINE = /^\/api\/console\/machines\/([\w-]{1,40})(\/ssh)?$/
const BACKUP = /^\/api\/console\/backup\/(\w{1,20})$/

function backupAnswer(
  { backup, authorise }: ConsoleApiOptions,
  ctx: Ctx,
  name: string,
  body: Buffer,
): Promise<object | undefined> {
  return backup.call(ctx, name, jsonOf(body), (who, operation, input) =>
    authorise(who, 'backup', operation, input),
  )
}

/** Half a minute, then the page asks again: no proxy cuts it. */
const SSH_WAIT_MS = 25_000

async function machineAnswer(
  { authorise, dial }: ConsoleApiOptions,
  ctx: Ctx,
  response: ServerResponse,
  [, id = '', isSsh]: RegExpExecArray,
): Promise<void> {
  await authorise(ctx, 'ec2', 'DescribeInstances', {})
  if (isSsh === undefined) return answer(response, 200, await machineReport(ctx, id))
  const address = await machineAddress(ctx, id)
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(SSH_WAIT_MS)])
  const banner = address === null ? null : await sshBannerAwait(address, signal, dial)
  answer(response, 200, { banner })
}

/** A JSON line for each lot of changes; an empty object now and then shows that the line is alive. */
async function events(
  { authorise, feed }: ConsoleApiOptions,
  ctx: Ctx,
  response: ServerResponse,
  feeds: { count: number },
): Promise<void> {
  await authorise(ctx, 'ec2', 'DescribeInstances', {})
  // Gone meanwhile: nothing would tell of its end any more.
  if (response.destroyed) return
  if (feeds.count >= FEEDS_MAX)
    return answer(response, 503, { error: 'too many consoles are open' })
  feeds.count += 1
  response.writeHead(200, { 'content-type': 'application/x-ndjson', 'cache-control': 'no-store' })
  response.socket?.setTimeout(0)
  let hasMissed = false
  const line = (value: object): void => {
    if (response.writableLength > FEED_BUFFERED_BYTES_MAX) {
      hasMissed = true
      return
    }
    response.write(`${JSON.stringify(hasMissed ? { ...value, hasMissed } : value)}\n`)
    hasMissed = false
  }
  line({ status: 'listening' })
  const stop = feed.subscribe({
    account: ctx.account,
    region: ctx.region,
    onChanges: (changes) => line({ changes }),
    onEnd: () => response.end(),
  })
  const alive = setInterval(() => line({}), FEED_ALIVE_MS)
  const { session } = ctx.principal
  const leftMs = session ? session.expiresAt - ctx.app.clock.now() : null
  const expiry = leftMs === null ? null : setTimeout(() => response.end(), leftMs)
  response.once('close', () => {
    feeds.count -= 1
    stop()
    clearInterval(alive)
    if (expiry) clearTimeout(expiry)
  })
}

async function streamTicket(
  options: ConsoleApiOptions,
  ctx: Ctx,
  body: Buffer,
): Promise<{ ticket: string; address?: string }> {
  const parsed = StreamRequest.safeParse(jsonOf(body))
  if (!parsed.success) {
    const message = z.prettifyError(parsed.error)
    throw new FaultError({ type: 'InvalidValue', parameter: 'request', value: '', reason: message })
  }
  const wish = parsed.data
  const osUser = wish.type === 'shell' ? wish.user : undefined
  const input = { InstanceId: wish.instanceId, ...(osUser && { InstanceOSUser: osUser }) }
  await options.authorise(ctx, 'ec2-instance-connect', PERMISSIONS[wish.type], input)
  if (wish.type === 'serial') await serialAccessCheck(ctx)
  const target = await streamTargetOf(ctx, wish.instanceId, wish.type)
  const until = ctx.principal.session?.expiresAt ?? null
  const who = { principal: ctx.principal.arn, instance: target.instanceId, type: wish.type }
  options.log.info(who, 'a console connects to a machine')
  if (wish.type === 'shell') {
    const { user, passphrase } = wish
    if (wish.privateKey !== undefined) await privateKeyCheck(wish.privateKey, passphrase)
    const privateKey = wish.privateKey ?? (await keyLent(ctx, target.instanceId, user))
    const isLent = wish.privateKey === undefined
    const { dial } = options
    const address = target.address!
    const open = shellOpener({ address, user, privateKey, passphrase, isLent, dial })
    return { ticket: options.streams.ticket(open, until), address: target.address! }
  }
  const connect = () => target.connect(wish.type === 'serial' ? 'serial' : 'screen')
  const open =
    wish.type === 'screen'
      ? async () => ({ stream: await connect() })
      : async () => {
          const { history } = target
          return { stream: await options.serial.open(target.instanceId, { connect, history }) }
        }
  return { ticket: options.streams.ticket(open, until) }
}

function sessionMake(ctx: Ctx): object {
  const session = sessionOfKey(ctx)
  if (session) return session
  const reason = 'a session is made from an access key of your own, not from another session'
  throw new FaultError({ type: 'Unauthorized', action: 'console', reason })
}

/** For the person who runs the host: the root key of the first account, never a session. */
function linkMake({ links }: ConsoleApiOptions, { account, principal }: Ctx): { token: string } {
  if (principal.type !== 'root' || principal.session) {
    const reason = 'only the root key makes links to the console'
    throw new FaultError({ type: 'Unauthorized', action: 'console', reason })
  }
  const { type, arn, id } = principal
  return { token: links.make({ account, principal: { type, arn, id } }) }
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString() || '{}')
  } catch {
    return undefined
  }
}

function errorOf(error: unknown): { status: number; message: string } {
  if (error instanceof FaultError) {
    const { fault } = error
    if (fault.type === 'Service') return { status: 400, message: fault.message }
    if (fault.type === 'Unauthorized') return { status: 403, message: fault.reason }
    if (fault.type === 'NotFound') {
      return { status: 404, message: `there is no ${fault.kind} ${fault.ids.join(', ')}` }
    }
    if (fault.type === 'IncorrectState') {
      return { status: 409, message: `${fault.id} is ${fault.state}, not running` }
    }
    if (fault.type === 'Unsupported')
      return { status: 409, message: `there is no ${fault.feature}` }
    return { status: 400, message: 'reason' in fault ? fault.reason : fault.type }
  }
  const message = error instanceof Error ? error.message : String(error)
  const status = (error as { status?: number }).status
  return { status: typeof status === 'number' ? status : 500, message }
}

function answer(response: ServerResponse, status: number, value: object): void {
  const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
  response.writeHead(status, headers).end(`${JSON.stringify(value)}\n`)
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > BODY_BYTES_MAX) {
      const reason = `at most ${BODY_BYTES_MAX} bytes`
      throw new FaultError({ type: 'InvalidValue', parameter: 'body', value: `${size}`, reason })
    }
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks)
}
