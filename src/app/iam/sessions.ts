/**
 * Temporary credentials. A session is nowhere stored: its token holds it, sealed with the cloud's key, as AWS's does;
 * so any number of them costs nothing, they outlive restarts, and nobody can make or change one. What the role or user
 * behind it may do is looked up at each request.
 */
import { newAccessKeyId } from '../../domain/iam/ids.ts'
import { parseAccountId, type AccountId } from '../../domain/ids.ts'
import type { App, Principal, Session } from '../context.ts'
import { secretOf, secretSealed } from './access-keys.ts'
import { iamArn } from '../../domain/iam/entities.ts'

const PURPOSE = 'session-token'
const SECRET_BYTES = 30

export interface IssuedCredentials {
  accessKeyId: string
  secretAccessKey: string
  sessionToken: string
  expiresAt: number
}

export interface FoundCredentials {
  secretAccessKey: string
  sessionToken?: string
  expiresAt?: number
  account: AccountId
  principal: Principal
}

interface Token {
  keyId: string
  secret: string
  account: string
  principal: Omit<Principal, 'accessKeyId' | 'session'>
  session: Session
}

export type SessionGrant = Partial<Omit<Session, 'issuedAt' | 'expiresAt'>>

export function sessionIssue(
  app: App,
  account: string,
  principal: Omit<Principal, 'accessKeyId' | 'session'>,
  durationSeconds: number,
  grant: SessionGrant = {},
): IssuedCredentials {
  const issuedAt = Math.floor(app.clock.now() / 1_000) * 1_000
  const keyId = newAccessKeyId('sessionKey', account, app.random)
  const secret = Buffer.from(app.random.bytes(SECRET_BYTES)).toString('base64')
  const session: Session = {
    policies: [],
    policyArns: [],
    tags: {},
    transitiveTagKeys: [],
    hasMfa: false,
    sourceIdentity: null,
    instanceId: null,
    provider: null,
    ...grant,
    issuedAt,
    expiresAt: issuedAt + durationSeconds * 1_000,
  }
  const token: Token = { keyId, secret, account, principal, session }
  return {
    accessKeyId: keyId,
    secretAccessKey: secret,
    sessionToken: app.seal.seal(PURPOSE, JSON.stringify(token)),
    expiresAt: session.expiresAt,
  }
}

/** What an access key id (with its session token) stands for; undefined when for nothing. */
export async function credentialsFind(
  app: App,
  accessKeyId: string,
  sessionToken: string | undefined,
): Promise<FoundCredentials | undefined> {
  if (sessionToken !== undefined) return credentialsOfToken(app, accessKeyId, sessionToken)
  const key = await app.store.get('iamAccessKey', accessKeyId)
  // One that is not there takes as long as one that is: the time of a refusal does not tell them apart.
  const secretAccessKey = secretOf(app, key ?? decoyOf(app))
  const user = await app.store.get('iamUser', key?.userId ?? DECOY_USER)
  if (!key?.isActive || secretAccessKey === undefined || !user) return undefined
  return {
    secretAccessKey,
    account: parseAccountId(key.account),
    principal: {
      type: 'user',
      arn: iamArn('iamUser', user),
      id: user.id,
      accessKeyId,
      entityId: user.id,
    },
  }
}

const DECOY_USER = 'AIDANOBODY'
const decoys = new WeakMap<App, { sealedSecret: string }>()

function decoyOf(app: App): { sealedSecret: string } {
  let decoy = decoys.get(app)
  if (!decoy) decoys.set(app, (decoy = secretSealed(app, 'nobody has this secret, ever, at all')))
  return decoy
}

function credentialsOfToken(
  app: App,
  accessKeyId: string,
  sessionToken: string,
): FoundCredentials | undefined {
  const text = app.seal.open(PURPOSE, sessionToken)
  if (text === undefined) return undefined
  const { keyId, secret, account, principal, session } = JSON.parse(text) as Token
  if (keyId !== accessKeyId) return undefined
  return {
    secretAccessKey: secret,
    sessionToken,
    expiresAt: session.expiresAt,
    account: parseAccountId(account),
    principal: { ...principal, accessKeyId, session },
  }
}
