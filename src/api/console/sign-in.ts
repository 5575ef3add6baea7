/**
 * Two ways to a session of the console beside a password (../sign-in.ts): a one-time link, and an access key, which
 * signs one request and is then forgotten by the browser. A session is the same as one of IAM's console sign-in: twelve
 * hours, sealed, stored nowhere.
 */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { z } from 'zod'
import type { App, Ctx, Principal } from '../../app/context.ts'
import { sessionIssue, type IssuedCredentials } from '../../app/iam/sessions.ts'
import { SESSION_SECONDS } from '../../app/iam/sign-in.ts'
import { presentSignedIn } from '../sign-in.ts'
import { signInNote } from '../sign-in-trail.ts'
import type { Links } from './links.ts'

const BODY_BYTES_MAX = 1024
const LinkRequest = z.strictObject({ token: z.string().length(43) })

export function sessionOf(
  app: App,
  account: string,
  { type, arn, id, entityId }: Omit<Principal, 'accessKeyId' | 'session'>,
): object {
  const self = { type, arn, id, ...(entityId !== undefined && { entityId }) }
  const grant = { isConsole: true }
  const credentials: IssuedCredentials = sessionIssue(app, account, self, SESSION_SECONDS, grant)
  return presentSignedIn({ type: 'session', account, userArn: arn, credentials })
}

/** Who signed with a key of their own gets a session; a session gets no other, or it would never end. */
export function sessionOfKey({ app, account, principal }: Ctx): object | undefined {
  const isLasting = principal.session === undefined
  const isPerson = principal.type === 'root' || principal.type === 'user'
  return isLasting && isPerson ? sessionOf(app, account, principal) : undefined
}

/** `POST /api/sign-in/link`. JSON only, so that a form on a foreign page cannot send one. */
export function createLinkSignIn(app: App, links: Links, region: string) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const answer = (status: number, value: object): void => {
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' }
      response.writeHead(status, headers).end(`${JSON.stringify(value)}\n`)
    }
    if (request.method !== 'POST') return answer(405, { error: 'POST only' })
    const type = request.headers['content-type'] ?? ''
    if (!type.startsWith('application/json')) return answer(415, { error: 'JSON only' })
    const parsed = LinkRequest.safeParse(await bodyOf(request))
    const holder = parsed.success ? links.take(parsed.data.token) : undefined
    if (!holder) {
      const error = 'This link was used already, or is older than a minute. Make a new one.'
      return answer(403, { error })
    }
    const { account, principal } = holder
    signInNote(app, request, { account, userName: 'root', isDone: true, region })
    answer(200, sessionOf(app, account, principal))
  }
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  let text = ''
  for await (const chunk of request) {
    text += String(chunk)
    if (text.length > BODY_BYTES_MAX) return undefined
  }
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
