/** Tags of vaults, plans, recovery points, holds, restore testing plans, frameworks and report plans, by their ARNs. */
import { parseArn } from '../../domain/backup/arn.ts'
import type { BackupKind } from '../../domain/backup/kinds.ts'
import type { Tags } from '../../domain/resource.ts'
import type { ResourceTypes } from '../../domain/resource-types.ts'
import type { StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { invalidParameter, limitExceeded, resourceNotFound } from './faults.ts'

const TAGS_MAX = 50
const KEY_MAX = 128
const VALUE_MAX = 256

/** @throws InvalidParameterValueException, LimitExceededException */
export function tagsChecked(tags: Tags): Tags {
  const entries = Object.entries(tags)
  if (entries.length > TAGS_MAX) throw limitExceeded(`At most ${TAGS_MAX} tags`)
  for (const [key, value] of entries) {
    if (key === '' || key.length > KEY_MAX) {
      throw invalidParameter(`A tag's key has 1 to ${KEY_MAX} characters`)
    }
    if (key.toLowerCase().startsWith('aws:')) {
      throw invalidParameter(`Tag keys that begin with aws: are AWS's: ${key}`)
    }
    if (value.length > VALUE_MAX) throw invalidParameter(`The value of ${key} is too long`)
  }
  return tags
}

type Tagged = {
  [K in BackupKind]: { kind: K; resource: ResourceTypes[K] }
}[BackupKind]

const KIND_BY_WORD: Readonly<Record<string, BackupKind>> = {
  'backup-plan': 'backupPlan',
  'recovery-point': 'backupPoint',
  'legal-hold': 'backupHold',
}

/** @throws ResourceNotFoundException, InvalidParameterValueException */
export async function taggedGet(
  ctx: Ctx,
  arn: string,
  reader: StoreReader = ctx.app.store,
): Promise<Tagged> {
  const parsed = parseArn(arn)
  const found = parsed && /^([a-z-]+):([\w-]+)$/.exec(parsed.rest)
  if (!found || parsed.service !== 'backup') throw invalidParameter(`Invalid ARN: ${arn}`)
  const [, word, name] = found as unknown as [string, string, string]
  const scope = { account: parsed.account, region: parsed.region }
  const isOwn = parsed.account === ctx.account && parsed.region === ctx.region
  const missing = resourceNotFound(`Resource ${arn} does not exist`)
  if (!isOwn) throw missing
  if (word === 'backup-vault') {
    const reference = { name: 'name', value: name }
    const [resource] = await reader.list('backupVault', { ...scope, reference })
    if (resource) return { kind: 'backupVault', resource }
    throw missing
  }
  if (word === 'restore-testing-plan') {
    const plans = await reader.list('backupTestPlan', scope)
    const resource = plans.find((plan) => `${plan.name}-${plan.id}` === name)
    if (resource) return { kind: 'backupTestPlan', resource }
    throw missing
  }
  const audited = { framework: 'backupFramework', 'report-plan': 'backupReportPlan' } as const
  if (word === 'framework' || word === 'report-plan') {
    const kind = audited[word]
    const all = await reader.list(kind, scope)
    const resource = all.find((one) => `${one.name}-${one.id}` === name)
    if (resource) return { kind, resource } as Tagged
    throw missing
  }
  const kind = KIND_BY_WORD[word]
  if (!kind) throw invalidParameter(`${arn} has no tags here`)
  const resource = await reader.get(kind, name)
  const isThere = resource?.account === ctx.account && resource.region === ctx.region
  if (!isThere) throw missing
  return { kind, resource } as Tagged
}

export async function tagsChange(
  ctx: Ctx,
  arn: string,
  change: (tags: Tags) => Tags,
): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const { kind, resource } = await taggedGet(ctx, arn, tx)
    const tags = tagsChecked(change(resource.tags))
    await tx.update(kind, { ...resource, tags } as ResourceTypes[typeof kind])
  })
}
