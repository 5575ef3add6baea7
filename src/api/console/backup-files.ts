/**
 * Inside of recovery points, for the console: folders, single files, and what a vault takes. AWS has no calls for it;
 * who may restore a point may look into it (`backup:StartRestoreJob` on it). A file goes to the browser's own
 * download, which cannot sign: it is fetched by an address that is good once and for a moment.
 */
import { createHash, randomBytes } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import type { Ctx } from '../../app/context.ts'
import { FaultError, invalidValue } from '../../domain/faults.ts'
import type { Clock } from '../../lib/time.ts'
import { startingWith, type BackupDoor } from '../backup.ts'

type Authorise = (ctx: Ctx, operation: string, input: Record<string, unknown>) => Promise<void>

export interface BackupFiles {
  /** Undefined: there is nothing of that name. */
  call(ctx: Ctx, name: string, body: unknown, authorise: Authorise): Promise<object | undefined>
  /** `GET /api/console/downloads/TICKET`. */
  download(request: IncomingMessage, response: ServerResponse): Promise<void>
}

const PointRequest = z.strictObject({
  point: z.string().min(1).max(512),
  path: z.string().min(1).max(4_096),
})
const VaultRequest = z.strictObject({ vault: z.string().min(1).max(50) })

const TICKET_MS = 60_000
const TICKETS_MAX = 64
const TICKET = /^\/api\/console\/downloads\/([\w-]{43})$/

/** A guest's file is never a page of the console's origin, whatever it says in it and whoever opens the address. */
const GUARDS = {
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
  'content-security-policy': "default-src 'none'; sandbox; frame-ancestors 'none'",
  'cache-control': 'no-store',
} as const

interface Held {
  read(): AsyncIterable<Uint8Array>
  name: string
  until: number
}

export function createBackupFiles(door: BackupDoor, clock: Pick<Clock, 'now'>): BackupFiles {
  const held = new Map<string, Held>()
  const digestOf = (ticket: string): string => createHash('sha256').update(ticket).digest('hex')
  const ticketOf = (one: Omit<Held, 'until'>): string => {
    const ticket = randomBytes(32).toString('base64url')
    if (held.size >= TICKETS_MAX) held.delete(held.keys().next().value!)
    held.set(digestOf(ticket), { ...one, until: clock.now() + TICKET_MS })
    return ticket
  }
  return {
    call: async (ctx, name, body, authorise) => {
      if (name === 'usage') {
        const { vault } = parsed(VaultRequest, body)
        await authorise(ctx, 'DescribeBackupVault', { BackupVaultName: vault })
        return door.call('usage', ctx, { vault })
      }
      if (name !== 'files' && name !== 'file') return undefined
      const { point, path } = parsed(PointRequest, body)
      const Path = name === 'file' ? path : undefined
      await authorise(ctx, 'StartRestoreJob', { RecoveryPointArn: point, Path })
      if (name === 'files') return door.call('ls', ctx, { point, path })
      const { account, region } = ctx
      const read = () => door.read({ account, region }, point, path)
      return { ticket: ticketOf({ read, name: path.split('/').at(-1) ?? 'file' }) }
    },
    download: async (request, response) => {
      const ticket = digestOf(TICKET.exec(request.url ?? '')?.[1] ?? '')
      const found = held.get(ticket)
      held.delete(ticket)
      if (request.method !== 'GET' || !found || clock.now() >= found.until) {
        response.writeHead(404, { ...GUARDS, 'content-type': 'text/plain' })
        return void response.end('This address was used already, or is older than a minute.\n')
      }
      response.setTimeout(0)
      const pieces = found.read()
      const first = await pieces[Symbol.asyncIterator]()
        .next()
        .catch((error: unknown) => error as Error)
      if (first instanceof Error) {
        response.writeHead(409, { ...GUARDS, 'content-type': 'text/plain; charset=utf-8' })
        return void response.end(`${wordsOf(first)}\n`)
      }
      response.writeHead(200, {
        ...GUARDS,
        'content-type': 'application/octet-stream',
        'content-disposition': `attachment; filename*=UTF-8''${encodeURIComponent(found.name.toWellFormed())}`,
      })
      // Who stops a download has what there is of it.
      await pipeline(startingWith(first, pieces), response).catch(() => response.destroy())
    },
  }
}

function wordsOf(error: Error): string {
  if (error instanceof FaultError && 'reason' in error.fault) return error.fault.reason
  return error.message
}

function parsed<T>(shape: z.ZodType<T>, body: unknown): T {
  const result = shape.safeParse(body)
  if (result.success) return result.data
  throw invalidValue('request', '', z.prettifyError(result.error))
}
