/**
 * A person signs in with a password, as at AWS's console: account or alias, user, password, MFA code where a device is
 * enabled, a new password where the old one is due. What is wrong is not told apart, and guessing is slowed down.
 * Source: IAM user guide, "Sign in as an IAM user", "Set an account password policy for IAM users".
 */
import { iamArn, type IamUser } from '../../domain/iam/entities.ts'
import { FaultError } from '../../domain/faults.ts'
import type { App, Ctx } from '../context.ts'
import { accountOf } from './account.ts'
import { entityFind, wholeSecond } from './entities.ts'
import { loginUpdate, passwordMatches } from './logins.ts'
import { mfaVerify } from './mfa.ts'
import { sessionIssue, type IssuedCredentials } from './sessions.ts'

export interface SignInRequest {
  /** Twelve digits, or the account's alias. */
  account: string
  userName: string
  password: string
  mfaCode?: string | undefined
  newPassword?: string | undefined
}

export type SignedIn =
  | { type: 'session'; account: string; userArn: string; credentials: IssuedCredentials }
  | { type: 'mfaNeeded' }
  | { type: 'newPasswordNeeded' }

/** As long as a session of AWS's console. */
export const SESSION_SECONDS = 12 * 3_600
const DAY_MS = 86_400_000
/** After this many wrong ones in a row the next has to wait, twice as long each time. */
const FREE_TRIES = 5
const WAIT_MS_MAX = 300_000
const TRACKED_MAX = 10_000

export class TooManyTries extends Error {
  override name = 'TooManyTries'
}

export async function signIn(app: App, request: SignInRequest): Promise<SignedIn> {
  const tries = triesOf(app)
  const key = `${request.account.toLowerCase()}/${request.userName.toLowerCase()}`
  tries.admit(key)
  const user = await signInUser(app, request)
  const isRight = await passwordMatches(user, request.password)
  if (!user || !isRight) throw tries.wrong(key)
  const ctx = contextOf(app, user)
  const hasMfa = user.mfaSerials.length > 0
  if (hasMfa) {
    if (request.mfaCode === undefined) return { type: 'mfaNeeded' }
    if (!(await isCode(ctx, user, request.mfaCode))) throw tries.wrong(key)
  }
  tries.right(key)
  if (await isPasswordDue(ctx, user)) {
    if (request.newPassword === undefined) return { type: 'newPasswordNeeded' }
    const change = { password: request.newPassword, isResetRequired: false }
    await loginUpdate(ctx, user, change)
  }
  await app.store.transact(async (tx) => {
    const fresh = await tx.get('iamUser', user.id)
    const passwordLastUsedAt = wholeSecond(app.clock.now())
    if (fresh) await tx.update('iamUser', { ...fresh, passwordLastUsedAt })
  })
  const userArn = iamArn('iamUser', user)
  const self = { type: 'user' as const, arn: userArn, id: user.id, entityId: user.id }
  const grant = { hasMfa, isConsole: true }
  const credentials = sessionIssue(app, user.account, self, SESSION_SECONDS, grant)
  return { type: 'session', account: user.account, userArn, credentials }
}

/** Whom a sign-in names, if there is such a user. */
export async function signInUser(
  app: App,
  request: Pick<SignInRequest, 'account' | 'userName'>,
): Promise<IamUser | undefined> {
  const account = /^\d{12}$/.test(request.account)
    ? request.account
    : await byAlias(app, request.account)
  return account === undefined
    ? undefined
    : entityFind(account, app.store, 'iamUser', request.userName)
}

async function byAlias(app: App, alias: string): Promise<string | undefined> {
  const reference = { name: 'alias', value: alias }
  const [found] = await app.store.list('iamAccount', { reference })
  return found?.account
}

function contextOf(app: App, user: IamUser): Ctx {
  const arn = iamArn('iamUser', user)
  return {
    app,
    account: user.account,
    region: '*',
    principal: { type: 'user', arn, id: user.id, accessKeyId: '', entityId: user.id },
    requestId: 'sign-in',
    requestHash: 'sign-in',
  }
}

async function isCode(ctx: Ctx, user: IamUser, code: string): Promise<boolean> {
  for (const serial of user.mfaSerials) if (await mfaVerify(ctx, serial, code)) return true
  return false
}

/** Set by somebody else, or older than the policy lets it be. With a hard expiry only an administrator helps. */
async function isPasswordDue(ctx: Ctx, { login }: IamUser): Promise<boolean> {
  const { passwordPolicy: policy } = await accountOf(ctx)
  if (login!.isResetRequired) return true
  const days = policy?.ageMaxDays ?? null
  const isOld = days !== null && ctx.app.clock.now() - login!.changedAt > days * DAY_MS
  if (isOld && policy!.isHardExpiry) {
    throw refused('Your password has expired. Please contact your administrator.')
  }
  return isOld
}

const refused = (reason: string): FaultError =>
  new FaultError({ type: 'Unauthorized', action: 'sign-in', reason })

interface Tries {
  /** @throws TooManyTries */
  admit(key: string): void
  wrong(key: string): FaultError
  right(key: string): void
}

const kept = new WeakMap<App, Tries>()

function triesOf(app: App): Tries {
  let tries = kept.get(app)
  if (!tries) kept.set(app, (tries = createTries(app)))
  return tries
}

function createTries({ clock }: App): Tries {
  const wrongs = new Map<string, { count: number; until: number }>()
  return {
    admit: (key) => {
      const found = wrongs.get(key)
      if (found && clock.now() < found.until) {
        throw new TooManyTries('Too many wrong passwords; try again in some minutes.')
      }
    },
    wrong: (key) => {
      const count = (wrongs.get(key)?.count ?? 0) + 1
      const waitMs =
        count < FREE_TRIES ? 0 : Math.min(1_000 * 2 ** (count - FREE_TRIES), WAIT_MS_MAX)
      if (wrongs.size >= TRACKED_MAX) wrongs.delete(wrongs.keys().next().value!)
      wrongs.set(key, { count, until: clock.now() + waitMs })
      return refused('Your authentication information is incorrect. Please try again.')
    },
    right: (key) => void wrongs.delete(key),
  }
}
