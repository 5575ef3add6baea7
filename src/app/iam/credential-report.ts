/**
 * The credential report: a line a user, in AWS's columns. Good for four hours, then made anew. Source: IAM user guide,
 * "Generate credential reports for your AWS account".
 */
import type { IamAccessKey, IamReport, IamUser } from '../../domain/iam/entities.ts'
import { iamArn } from '../../domain/iam/entities.ts'
import { FaultError } from '../../domain/faults.ts'
import type { Ctx } from '../context.ts'
import { accessKeys } from './access-keys.ts'
import { accountOf } from './account.ts'
import { wholeSecond } from './entities.ts'
import { userKeys } from './user-keys.ts'

const FRESH_MS = 4 * 3_600_000
const DAY_MS = 86_400_000
const NONE = 'N/A'

const COLUMNS = [
  'user',
  'arn',
  'user_creation_time',
  'password_enabled',
  'password_last_used',
  'password_last_changed',
  'password_next_rotation',
  'mfa_active',
  ...[1, 2].flatMap((n) => [
    `access_key_${n}_active`,
    `access_key_${n}_last_rotated`,
    `access_key_${n}_last_used_date`,
    `access_key_${n}_last_used_region`,
    `access_key_${n}_last_used_service`,
  ]),
  ...[1, 2].flatMap((n) => [`cert_${n}_active`, `cert_${n}_last_rotated`]),
]

const at = (time: number): string => new Date(time).toISOString().replace('.000Z', '+00:00')
const ago = (time: number | null | undefined): string => (time ? at(time) : NONE)

/** Whether the one that is there will do. */
export async function reportGenerate(ctx: Ctx): Promise<'STARTED' | 'COMPLETE'> {
  const now = ctx.app.clock.now()
  const known = await ctx.app.store.get('iamReport', ctx.account)
  if (known && now - known.generatedAt < FRESH_MS) return 'COMPLETE'
  const content = await contentOf(ctx)
  await ctx.app.store.transact(async (tx) => {
    const before = await tx.get('iamReport', ctx.account)
    const made = { content, generatedAt: wholeSecond(now) }
    if (before) await tx.update('iamReport', { ...before, ...made })
    else await tx.insert('iamReport', { ...blank(ctx), ...made })
  })
  return 'STARTED'
}

function blank(ctx: Ctx): Omit<IamReport, 'content' | 'generatedAt'> {
  const createdAt = wholeSecond(ctx.app.clock.now())
  const { account } = ctx
  return { id: account, account, region: '*', generation: 0, createdAt, tags: {} }
}

export async function reportGet(ctx: Ctx): Promise<IamReport> {
  const found = await ctx.app.store.get('iamReport', ctx.account)
  if (!found) {
    const message = 'Credential report is not present. Generate it with GenerateCredentialReport.'
    throw new FaultError({ type: 'Service', code: 'CredentialReportNotPresentException', message })
  }
  if (ctx.app.clock.now() - found.generatedAt >= FRESH_MS) {
    const message = 'The credential report is older than four hours. Generate a new one.'
    throw new FaultError({ type: 'Service', code: 'CredentialReportExpiredException', message })
  }
  return found
}

async function contentOf(ctx: Ctx): Promise<string> {
  const users = await ctx.app.store.list('iamUser', { account: ctx.account })
  const { passwordPolicy } = await accountOf(ctx)
  const days = passwordPolicy?.ageMaxDays ?? null
  const lines = await Promise.all(users.map((user) => lineOf(ctx, user, days)))
  const member = await ctx.app.store.get('organisationAccount', ctx.account)
  const root = rootLine(ctx, member?.joinedMethod !== 'CREATED')
  return [COLUMNS, root, ...lines].map((cells) => cells.map(cellOf).join(',')).join('\n')
}

/** IAM's names have no quotes; a comma may be in one. */
const cellOf = (text: string): string => (text.includes(',') ? `"${text}"` : text)

/** Root's key lies in the cloud's own files, beside IAM's records. */
function rootLine(ctx: Ctx, hasKey: boolean): string[] {
  const arn = `arn:aws:iam::${ctx.account}:root`
  const unknown = ['not_supported', 'no_information', 'not_supported', 'not_supported', 'false']
  const keys = [
    String(hasKey),
    ...Array<string>(4).fill(NONE),
    'false',
    ...Array<string>(4).fill(NONE),
  ]
  return ['<root_account>', arn, NONE, ...unknown, ...keys, 'false', NONE, 'false', NONE]
}

async function lineOf(ctx: Ctx, user: IamUser, ageMaxDays: number | null): Promise<string[]> {
  const { login } = user
  const keys = (await accessKeys(ctx, user)).toSorted((a, b) => a.createdAt - b.createdAt)
  const certificates = await userKeys(ctx, 'signing', user)
  return [
    user.name,
    iamArn('iamUser', user),
    at(user.createdAt),
    String(login !== null),
    login ? (user.passwordLastUsedAt ? at(user.passwordLastUsedAt) : 'no_information') : NONE,
    login ? at(login.changedAt) : NONE,
    login && ageMaxDays !== null ? at(login.changedAt + ageMaxDays * DAY_MS) : NONE,
    String(user.mfaSerials.length > 0),
    ...keyCells(keys[0]),
    ...keyCells(keys[1]),
    ...[certificates[0], certificates[1]].flatMap((one) => [
      String(one?.isActive ?? false),
      ago(one?.createdAt),
    ]),
  ]
}

function keyCells(key: IamAccessKey | undefined): string[] {
  return [
    String(key?.isActive ?? false),
    ago(key?.createdAt),
    ago(key?.lastUsed?.at),
    key?.lastUsed?.region ?? NONE,
    key?.lastUsed?.service ?? NONE,
  ]
}
