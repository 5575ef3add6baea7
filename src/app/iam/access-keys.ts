/**
 * Access keys of users. A secret is answered once, then kept sealed: a copy of the database signs nothing. Source: IAM
 * API reference (CreateAccessKey, UpdateAccessKey, GetAccessKeyLastUsed).
 */
import type { IamAccessKey, IamUser } from '../../domain/iam/entities.ts'
import { newAccessKeyId } from '../../domain/iam/ids.ts'
import type { App, Ctx } from '../context.ts'
import { wholeSecond } from './entities.ts'
import { noSuchEntity, quotaExceeded } from './faults.ts'

const KEYS_PER_USER_MAX = 2
const SECRET_BYTES = 30
const PURPOSE = 'access-key'

export async function accessKeyCreate(ctx: Ctx, user: IamUser) {
  const secret = Buffer.from(ctx.app.random.bytes(SECRET_BYTES)).toString('base64')
  const key: IamAccessKey = {
    id: newAccessKeyId('accessKey', ctx.account, ctx.app.random),
    account: ctx.account,
    region: '*',
    generation: 0,
    createdAt: wholeSecond(ctx.app.clock.now()),
    tags: {},
    userId: user.id,
    userName: user.name,
    ...secretSealed(ctx.app, secret),
    isActive: true,
    lastUsed: null,
  }
  await ctx.app.store.transact(async (tx) => {
    if (!(await tx.get('iamUser', user.id))) throw noSuchEntity('iamUser', user.name)
    const reference = { name: 'user', value: user.id }
    const count = await tx.count('iamAccessKey', { account: ctx.account, reference })
    if (count >= KEYS_PER_USER_MAX) throw quotaExceeded('AccessKeysPerUser', KEYS_PER_USER_MAX)
    await tx.insert('iamAccessKey', key)
  })
  return { key, secret }
}

export async function accessKeys(ctx: Ctx, user: IamUser): Promise<IamAccessKey[]> {
  const reference = { name: 'user', value: user.id }
  return ctx.app.store.list('iamAccessKey', { account: ctx.account, reference })
}

/** @throws NoSuchEntity unless it is the user's. */
async function keyOf(ctx: Ctx, user: IamUser, id: string): Promise<IamAccessKey> {
  const key = await ctx.app.store.get('iamAccessKey', id)
  if (!key || key.account !== ctx.account || key.userId !== user.id) {
    throw noSuchEntity('iamAccessKey', id)
  }
  return key
}

export async function accessKeyStatus(ctx: Ctx, user: IamUser, id: string, isActive: boolean) {
  const key = await keyOf(ctx, user, id)
  await ctx.app.store.transact(async (tx) => {
    const now = await tx.get('iamAccessKey', key.id)
    if (now) await tx.update('iamAccessKey', { ...now, isActive })
  })
}

export async function accessKeyRemove(ctx: Ctx, user: IamUser, id: string): Promise<void> {
  const key = await keyOf(ctx, user, id)
  await ctx.app.store.transact(async (tx) => {
    const now = await tx.get('iamAccessKey', key.id)
    if (now) await tx.remove('iamAccessKey', now)
  })
}

export async function accessKeyGet(ctx: Ctx, id: string): Promise<IamAccessKey> {
  const key = await ctx.app.store.get('iamAccessKey', id)
  if (!key || key.account !== ctx.account) throw noSuchEntity('iamAccessKey', id)
  return key
}

export function secretSealed(app: App, secret: string): Pick<IamAccessKey, 'sealedSecret'> {
  return { sealedSecret: app.seal.seal(PURPOSE, secret) }
}

export function secretOf(app: App, key: Pick<IamAccessKey, 'sealedSecret'>): string | undefined {
  return app.seal.open(PURPOSE, key.sealedSecret)
}
