/** Names of keys. Source: KMS API reference, CreateAlias. */
import { kmsAliasArn, kmsAliasId, type KmsAlias } from '../../domain/kms.ts'
import { ClaimTakenError } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import { aliasExists, aliasNotFound, invalid, invalidState } from './faults.ts'
import { keyFind } from './find.ts'

const NAME = /^alias\/[a-zA-Z0-9/_-]{1,250}$/

/** @throws ValidationException */
function nameChecked(name: string): string {
  if (!NAME.test(name)) throw invalid(`Invalid alias name ${name}: alias/ and letters, digits, /_-`)
  if (name.startsWith('alias/aws/'))
    throw invalid('Aliases that begin with alias/aws/ are reserved')
  return name
}

export async function aliasCreate(ctx: Ctx, name: string, target: string): Promise<void> {
  nameChecked(name)
  const id = kmsAliasId(ctx.account, ctx.region, name)
  const base = baseOf(ctx)
  try {
    await ctx.app.store.transact(async (tx) => {
      const key = await keyFind(ctx, target, tx)
      if (key.state === 'PendingDeletion') throw invalidState(key, 'is pending deletion.')
      if (await tx.get('kmsAlias', id)) throw aliasExists(kmsAliasArn({ ...base, name }))
      await tx.insert('kmsAlias', { ...base, id, name, keyId: key.id, updatedAt: base.createdAt })
    })
  } catch (error) {
    if (error instanceof ClaimTakenError) throw aliasExists(kmsAliasArn({ ...base, name }))
    throw error
  }
}

async function change(ctx: Ctx, name: string, to: string | null): Promise<void> {
  nameChecked(name)
  await ctx.app.store.transact(async (tx) => {
    const alias = await tx.get('kmsAlias', kmsAliasId(ctx.account, ctx.region, name))
    if (!alias) throw aliasNotFound(kmsAliasArn({ ...scopeOf(ctx), name }))
    if (to === null) return tx.remove('kmsAlias', alias)
    const key = await keyFind(ctx, to, tx)
    await tx.update('kmsAlias', { ...alias, keyId: key.id, updatedAt: ctx.app.clock.now() })
  })
}

export const aliasUpdate = (ctx: Ctx, name: string, target: string) => change(ctx, name, target)
export const aliasDelete = (ctx: Ctx, name: string) => change(ctx, name, null)

export async function aliasList(ctx: Ctx, target: string | undefined): Promise<KmsAlias[]> {
  const scope = scopeOf(ctx)
  if (target === undefined) return ctx.app.store.list('kmsAlias', scope)
  const key = await keyFind(ctx, target)
  return ctx.app.store.list('kmsAlias', { ...scope, reference: { name: 'key', value: key.id } })
}
