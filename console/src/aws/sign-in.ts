/**
 * Ways in: a one-time link, an access key, an IAM user's password, an account of an open cloud; and roles to switch
 * to.
 */
import { apiPost, plainPost } from './http.ts'
import { sessionHasLapsed, sessionNow, sessionStart, type Keys, type Session } from './session.ts'

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

/** Takes a role for somebody, in the words of what the role's session is to be. */
async function roleTake(
  from: Omit<Session, 'base' | 'roleLabel'>,
  roleArn: string,
  name: string,
): Promise<Pick<Session, 'arn' | 'keys'>> {
  const { AssumeRoleCommand, STSClient } = await import('@aws-sdk/client-sts')
  const { accessKeyId, secretAccessKey, sessionToken } = from.keys
  const client = new STSClient({
    endpoint: location.origin,
    region: from.region,
    credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) },
    maxAttempts: 2,
  })
  try {
    const input = { RoleArn: roleArn, RoleSessionName: name }
    const answer = await client.send(new AssumeRoleCommand(input))
    const {
      AccessKeyId = '',
      SecretAccessKey = '',
      SessionToken,
      Expiration,
    } = answer.Credentials ?? {}
    return {
      arn: answer.AssumedRoleUser?.Arn ?? '',
      keys: {
        accessKeyId: AccessKeyId,
        secretAccessKey: SecretAccessKey,
        ...(SessionToken ? { sessionToken: SessionToken } : {}),
        ...(Expiration ? { expiration: Expiration.toISOString() } : {}),
      },
    }
  } finally {
    client.destroy()
  }
}

export async function roleSwitch(account: string, roleName: string, label: string): Promise<void> {
  const session = sessionNow()
  if (!session) return
  const { base: _base, roleLabel: _label, ...from } = session
  const user = session.arn.split('/').at(-1)?.split(':').at(-1) ?? 'console'
  const name = user.replace(/[^\w+=,.@-]/g, '-').slice(0, 64)
  const roleArn = `arn:aws:iam::${account}:role/${roleName}`
  sessionStart({
    account,
    ...(await roleTake(from, roleArn, name)),
    region: session.region,
    base: session.base ?? from,
    roleArn,
    roleLabel: label || `${roleName} @ ${account}`,
  })
}

/** The same role for the same person, with keys that last longer. @throws when it is not theirs any more. */
export async function roleRenew(base = sessionNow()?.base): Promise<void> {
  const session = sessionNow()
  if (!session?.roleArn || !base) return
  const name = session.arn.split('/').at(-1) ?? 'console'
  const taken = await roleTake(base, session.roleArn, name)
  // Somebody may have left the role, or gone, meanwhile.
  if (sessionNow() === session) sessionStart({ ...session, ...taken, base })
}

/**
 * Somebody has signed in. Where a session of theirs has lapsed it goes on: in its region, and in the role that they had
 * switched to, so that their page stays as it is.
 */
export async function signedIn(session: Session): Promise<void> {
  const lapsed = sessionHasLapsed() ? sessionNow() : null
  if (!lapsed) return sessionStart(session)
  const here = { ...session, region: lapsed.region }
  const isBase = lapsed.base?.arn === session.arn && lapsed.base.account === session.account
  if (!isBase) return sessionStart(here)
  await roleRenew(here).catch(() => sessionStart(here))
}
