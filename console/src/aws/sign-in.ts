/**
 * Ways in: a one-time link, an access key, an IAM user's password, an account of an open cloud; and roles to switch
 * to.
 */
import { sts } from './clients.ts'
import { apiPost, plainPost } from './http.ts'
import { sessionNow, sessionStart, type Keys, type Session } from './session.ts'

interface SignedIn {
  status: 'session' | 'mfaNeeded' | 'newPasswordNeeded'
  account: string
  userArn: string
  credentials: Keys
}

function sessionFrom(answer: SignedIn, region: string): Session {
  const { account, userArn: arn, credentials: keys } = answer
  return { account, arn, keys, region }
}

export async function signInByLink(token: string, region: string): Promise<Session> {
  return sessionFrom(await plainPost<SignedIn>('/api/sign-in/link', { token }), region)
}

/** The key signs this one request and is forgotten; what comes back ends by itself. */
export async function signInByKey(keys: Keys, region: string): Promise<Session> {
  const answer = await apiPost<SignedIn>('/api/console/session', {}, { keys, region })
  return sessionFrom(answer, region)
}

export interface PasswordRequest {
  account: string
  userName: string
  password: string
  mfaCode?: string
  newPassword?: string
}

export async function signInByPassword(
  request: PasswordRequest,
  region: string,
): Promise<Session | 'mfaNeeded' | 'newPasswordNeeded'> {
  const answer = await plainPost<SignedIn>('/api/sign-in', request)
  return answer.status === 'session' ? sessionFrom(answer, region) : answer.status
}

/** Where signatures are not checked, the key names the account. */
export function signInOpen(account: string, region: string): Session {
  const keys = { accessKeyId: account, secretAccessKey: 'unchecked' }
  return { account, arn: `arn:aws:iam::${account}:root`, keys, region }
}

export async function roleSwitch(account: string, roleName: string, label: string): Promise<void> {
  const session = sessionNow()
  if (!session) return
  const { base: _base, roleLabel: _label, ...from } = session
  const { AssumeRoleCommand } = await import('@aws-sdk/client-sts')
  const user = session.arn.split('/').at(-1)?.split(':').at(-1) ?? 'console'
  const answer = await (
    await sts()
  ).send(
    new AssumeRoleCommand({
      RoleArn: `arn:aws:iam::${account}:role/${roleName}`,
      RoleSessionName: user.replace(/[^\w+=,.@-]/g, '-').slice(0, 64),
    }),
  )
  const {
    AccessKeyId = '',
    SecretAccessKey = '',
    SessionToken,
    Expiration,
  } = answer.Credentials ?? {}
  sessionStart({
    account,
    arn: answer.AssumedRoleUser?.Arn ?? '',
    region: session.region,
    keys: {
      accessKeyId: AccessKeyId,
      secretAccessKey: SecretAccessKey,
      ...(SessionToken ? { sessionToken: SessionToken } : {}),
      ...(Expiration ? { expiration: Expiration.toISOString() } : {}),
    },
    base: session.base ?? from,
    roleLabel: label || `${roleName} @ ${account}`,
  })
}
