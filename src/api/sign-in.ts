/**
 * `POST /api/sign-in`: a password becomes temporary credentials, with which the console is then an ordinary AWS client.
 * JSON only, so that a form on a foreign page cannot send one.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { App } from '../app/context.ts'
import { signIn, TooManyTries, type SignedIn } from '../app/iam/sign-in.ts'
import { FaultError } from '../domain/faults.ts'
import { signInFailedNote, signInNote } from './sign-in-trail.ts'

const BODY_BYTES_MAX = 8 * 1024

const Request = z.strictObject({
  account: z.string().min(1).max(63),
  userName: z.string().min(1).max(64),
  password: z.string().min(1).max(128),
  mfaCode: z.string().max(16).optional(),
  newPassword: z.string().max(128).optional(),
})

export function createSignIn(app: App, region: string) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = (status: number, value: object): void => {
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
      response.writeHead(status, headers).end(`${JSON.stringify(value)}\n`)
    }
    try {
      if (request.method !== 'POST') return answer(405, { error: 'POST only' })
      const type = request.headers['content-type'] ?? ''
      if (!type.startsWith('application/json')) return answer(415, { error: 'JSON only' })
      const parsed = Request.safeParse(await bodyOf(request))
      if (!parsed.success) return answer(400, { error: z.prettifyError(parsed.error) })
      const { userName } = parsed.data
      try {
        const result = await signIn(app, parsed.data)
        if (result.type === 'session') {
          signInNote(app, request, { account: result.account, userName, isDone: true, region })
        }
        answer(200, presentSignedIn(result))
      } catch (error) {
        if (error instanceof FaultError) {
          await signInFailedNote(app, request, { account: parsed.data.account, userName, region })
        }
        throw error
      }
    } catch (error) {
      if (error instanceof TooManyTries) return answer(429, { error: error.message })
      if (error instanceof FaultError) return answer(403, { error: reasonOf(error) })
      app.log.error({ err: error }, 'sign-in')
      answer(500, { error: 'an internal error has occurred' })
    }
  }
}

function reasonOf({ fault }: FaultError): string {
  if ('reason' in fault) return fault.reason
  return 'message' in fault ? fault.message : fault.type
}

export function presentSignedIn(result: SignedIn): object {
  if (result.type !== 'session') return { status: result.type }
  const { account, userArn, credentials } = result
  const { accessKeyId, secretAccessKey, sessionToken, expiresAt } = credentials
  const expiration = new Date(expiresAt).toISOString()
  const keys = { accessKeyId, secretAccessKey, sessionToken, expiration }
  return { status: 'session', account, userArn, credentials: keys }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request) {
    size += (chunk as Buffer).length
    if (size > BODY_BYTES_MAX) return undefined
    chunks.push(chunk as Buffer)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
