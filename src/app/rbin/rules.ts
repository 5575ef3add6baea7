/** Rules of the Recycle Bin. Source: Recycle Bin API reference. */
import { FaultError } from '../../domain/faults.ts'
import type { RbinRule, RbinTag } from '../../domain/rbin.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf, scopeOf } from '../network/scope.ts'

const RULES_MAX = 250
const LETTERS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

export interface RuleRequest {
  description: string
  resourceType: string
  retentionDays: number
  resourceTags: readonly RbinTag[]
  excludedTags: readonly RbinTag[]
  tags: Tags
}

export const rbinInvalid = (message: string): FaultError =>
  new FaultError({
    type: 'Service',
    code: 'ValidationException',
    message,
    fields: { Reason: 'INVALID_PARAMETER_VALUE' },
  })

export function ruleArn({ region, account, id }: RbinRule): string {
  return `arn:aws:rbin:${region}:${account}:rule/${id}`
}

export async function ruleCreate(ctx: Ctx, request: RuleRequest): Promise<RbinRule> {
  const { resourceType } = request
  if (resourceType !== 'EBS_SNAPSHOT' && resourceType !== 'EC2_IMAGE') {
    throw rbinInvalid(`Rules for ${resourceType} are not supported`)
  }
  if (request.resourceTags.length > 0 && request.excludedTags.length > 0) {
    throw rbinInvalid('A rule has tags that it is for, or tags that it excludes, not both')
  }
  const bytes = ctx.app.random.bytes(11)
  const id = [...bytes].map((byte) => LETTERS[byte % LETTERS.length]!).join('')
  return ctx.app.store.transact(async (tx) => {
    if ((await tx.count('rbinRule', scopeOf(ctx))) >= RULES_MAX) {
      const message = `at most ${RULES_MAX} rules in a region`
      throw new FaultError({ type: 'Service', code: 'ServiceQuotaExceededException', message })
    }
    const { tags, ...rest } = request
    return tx.insert('rbinRule', { ...baseOf(ctx, tags), ...rest, id, resourceType })
  })
}

/** @throws ResourceNotFoundException */
export async function ruleGet(
  ctx: Ctx,
  id: string,
  reader: StoreReader = ctx.app.store,
): Promise<RbinRule> {
  const rule = await reader.get('rbinRule', id)
  if (rule && rule.account === ctx.account && rule.region === ctx.region) return rule
  throw new FaultError({
    type: 'Service',
    code: 'ResourceNotFoundException',
    message: `The rule '${id}' does not exist.`,
    fields: { Reason: 'RULE_NOT_FOUND' },
  })
}

export async function ruleChange(
  ctx: Ctx,
  id: string,
  change: (rule: RbinRule) => RbinRule,
): Promise<RbinRule> {
  return ctx.app.store.transact(async (tx) => {
    return tx.update('rbinRule', change(await ruleGet(ctx, id, tx)))
  })
}

/** What it keeps is kept until its time is over. */
export async function ruleDelete(ctx: Ctx, id: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await tx.remove('rbinRule', await ruleGet(ctx, id, tx))
  })
}

export async function rulesOf(
  ctx: Ctx,
  resourceType: string,
  reader: StoreReader = ctx.app.store,
): Promise<RbinRule[]> {
  const rules = await reader.list('rbinRule', scopeOf(ctx))
  return rules.filter((rule) => rule.resourceType === resourceType)
}
