/**
 * Passwords of users, for the console. Kept as scrypt hashes; the account's password policy says what is a password.
 * Source: IAM API reference (CreateLoginProfile, ChangePassword); IAM user guide, "Set an account password policy".
 */
import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { IamUser, LoginProfile, PasswordPolicy } from '../../domain/iam/entities.ts'
import { FaultError } from '../../domain/faults.ts'
import type { Ctx } from '../context.ts'
import { accountOf } from './account.ts'
import { entityChange, entityGet, wholeSecond } from './entities.ts'
import { alreadyExists, noSuch } from './faults.ts'

const derive = promisify(scrypt) as (
  password: string,
  salt: Buffer,
  bytes: number,
) => Promise<Buffer>
const SALT_BYTES = 16
const HASH_BYTES = 32
/** AWS's rule for accounts without a policy: 8 characters, three of four kinds. */
const KINDS = [/[A-Z]/, /[a-z]/, /\d/, /[^A-Za-z0-9]/]
const LENGTH_DEFAULT = 8
const KINDS_DEFAULT = 3
const SYMBOLS = /[!@#$%^&*()_+\-=[\]{}|']/

/** Of the right form; no password has it. */
const NOBODYS_HASH = `${'A'.repeat(22)}==:${'A'.repeat(43)}=`

async function hashOf(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(password.normalize(), salt, HASH_BYTES)
  return `${salt.toString('base64')}:${hash.toString('base64')}`
}

async function isPassword(password: string, stored: string): Promise<boolean> {
  const [salt = '', hash = ''] = stored.split(':')
  const given = await derive(password.normalize(), Buffer.from(salt, 'base64'), HASH_BYTES)
  const expected = Buffer.from(hash, 'base64')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

const violation = (message: string): FaultError =>
  new FaultError({ type: 'Service', code: 'PasswordPolicyViolationException', message })

function policyCheck(password: string, policy: PasswordPolicy | null): void {
  const lengthMin = policy?.lengthMin ?? LENGTH_DEFAULT
  if (password.length < lengthMin) {
    throw violation(`Password should have a minimum length of ${lengthMin}`)
  }
  if (policy === null) {
    if (KINDS.filter((kind) => kind.test(password)).length >= KINDS_DEFAULT) return
    throw violation(
      'Password should have at least three of: uppercase letters, lowercase letters, numbers, symbols',
    )
  }
  const demands: [boolean, RegExp, string][] = [
    [policy.needsUppercase, /[A-Z]/, 'uppercase letter'],
    [policy.needsLowercase, /[a-z]/, 'lowercase letter'],
    [policy.needsNumbers, /\d/, 'number'],
    [policy.needsSymbols, SYMBOLS, 'symbol'],
  ]
  for (const [isNeeded, pattern, noun] of demands) {
    if (isNeeded && !pattern.test(password)) {
      throw violation(`Password should have at least one ${noun}`)
    }
  }
}

export async function loginCreate(ctx: Ctx, user: IamUser, password: string, isReset: boolean) {
  if (user.login) throw alreadyExists(`Login Profile for user ${user.name} already exists.`)
  policyCheck(password, (await accountOf(ctx)).passwordPolicy)
  const now = wholeSecond(ctx.app.clock.now())
  const login: LoginProfile = {
    createdAt: now,
    passwordHashes: [await hashOf(password)],
    isResetRequired: isReset,
    changedAt: now,
  }
  return entityChange(ctx, 'iamUser', user.name, (before) => {
    if (before.login) throw alreadyExists(`Login Profile for user ${user.name} already exists.`)
    return { ...before, login }
  })
}

export function loginGet(user: IamUser): LoginProfile {
  if (!user.login) throw noSuch(`Login Profile for User ${user.name} cannot be found.`)
  return user.login
}

export async function loginUpdate(
  ctx: Ctx,
  user: IamUser,
  change: { password?: string | undefined; isResetRequired?: boolean | undefined },
): Promise<void> {
  const before = loginGet(user)
  const { passwordPolicy: policy } = await accountOf(ctx)
  let hashes = before.passwordHashes
  if (change.password !== undefined) {
    policyCheck(change.password, policy)
    for (const old of hashes.slice(0, policy?.reusePrevention ?? 0)) {
      if (await isPassword(change.password, old)) {
        throw violation('Password reuse is not allowed')
      }
    }
    hashes = [await hashOf(change.password), ...hashes].slice(0, 1 + (policy?.reusePrevention ?? 0))
  }
  const now = wholeSecond(ctx.app.clock.now())
  await entityChange(ctx, 'iamUser', user.name, (fresh) => {
    const login = loginGet(fresh)
    return {
      ...fresh,
      login: {
        ...login,
        passwordHashes: hashes,
        isResetRequired: change.isResetRequired ?? login.isResetRequired,
        changedAt: change.password === undefined ? login.changedAt : now,
      },
    }
  })
}

export async function loginRemove(ctx: Ctx, user: IamUser): Promise<void> {
  loginGet(user)
  await entityChange(ctx, 'iamUser', user.name, (before) => ({ ...before, login: null }))
}

/** Costs the same for a user who is not there or has no password. */
export async function passwordMatches(
  user: IamUser | undefined,
  password: string,
): Promise<boolean> {
  const [current] = user?.login?.passwordHashes ?? []
  const isRight = await isPassword(password, current ?? NOBODYS_HASH)
  return current !== undefined && isRight
}

/** A user's own change. Wrong old passwords and policies that forbid it are refused alike. */
export async function passwordChange(ctx: Ctx, before: string, after: string): Promise<void> {
  const { principal } = ctx
  if (principal.type !== 'user') {
    const code = 'InvalidUserTypeException'
    throw new FaultError({
      type: 'Service',
      code,
      message: 'Only IAM users can change their own password.',
    })
  }
  const found = await ctx.app.store.get('iamUser', principal.entityId!)
  const user = await entityGet(ctx, 'iamUser', found?.name ?? '')
  const [current = ''] = loginGet(user).passwordHashes
  if (!(await isPassword(before, current))) {
    const reason = 'The old password was incorrect.'
    throw new FaultError({ type: 'Unauthorized', action: 'iam:ChangePassword', reason })
  }
  await loginUpdate(ctx, user, { password: after, isResetRequired: false })
}
