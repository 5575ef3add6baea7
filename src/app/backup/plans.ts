/** Backup plans, their versions and selections. Source: AWS Backup API reference. */
import { randomUUID } from 'node:crypto'
import { planArn } from '../../domain/backup/arn.ts'
import { parseSchedule, ScheduleError } from '../../domain/backup/cron.ts'
import { lifecycleProblem } from '../../domain/backup/lifecycle.ts'
import type {
  BackupPlan,
  BackupPlanVersion,
  BackupSelection,
  PlanBody,
  PlanRule,
  SelectionRules,
} from '../../domain/backup/records.ts'
import { parseVaultArn } from '../../domain/backup/arn.ts'
import { isTimeZone } from '../../domain/backup/zone-time.ts'
import type { Tags } from '../../domain/resource.ts'
import { ClaimTakenError, type StoreReader, type StoreTransaction } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import {
  alreadyExists,
  invalidParameter,
  invalidRequest,
  limitExceeded,
  resourceNotFound,
} from './faults.ts'
import { HANDLERS } from './resources/registry.ts'
import { roleChecked } from './roles.ts'
import { tagsChecked } from './tags.ts'
import { defaultVaultEnsure } from './vaults.ts'

/** AWS's default quotas. */
const PLANS_MAX = 300
const VERSIONS_MAX = 2_000
const RULES_MAX = 10
const SELECTIONS_MAX = 100
const ARNS_MAX = 500
const ARNS_MAX_WITH_WILDCARDS = 30
const CONDITIONS_MAX = 30
const START_WINDOW_MINUTES_MIN = 60

export async function planCreate(
  ctx: Ctx,
  body: PlanBody,
  options: { tags: Tags; creatorRequestId: string | null },
): Promise<BackupPlan> {
  bodyCheck(body)
  const tags = tagsChecked(options.tags)
  const { creatorRequestId } = options
  await defaultVaultEnsure(
    ctx,
    body.rules.map((rule) => rule.vaultName),
  )
  const plan = await ctx.app.store.transact(async (tx) => {
    const live = { ...scopeOf(ctx), reference: { name: 'live', value: 'yes' } }
    const plans = await tx.list('backupPlan', live)
    const repeated = plans.find(
      (one) => creatorRequestId !== null && one.creatorRequestId === creatorRequestId,
    )
    if (repeated) return repeated
    const twin = plans.find((one) => withoutIds(one.body) === withoutIds(body))
    if (twin) {
      const message = 'Backup plan with the same plan document already exists'
      const CreatorRequestId = twin.creatorRequestId ?? undefined
      throw alreadyExists(message, { Arn: planArn(twin), CreatorRequestId })
    }
    if (plans.length >= PLANS_MAX) throw limitExceeded(`At most ${PLANS_MAX} plans in a region`)
    const base = { ...baseOf(ctx, tags), id: randomUUID() }
    const made = await tx.insert('backupPlan', {
      ...base,
      versionId: versionIdOf(ctx),
      body,
      creatorRequestId,
      updatedAt: base.createdAt,
      deletedAt: null,
      lastRunAt: null,
      lookedAt: {},
    })
    await versionInsert(ctx, tx, made)
    return made
  })
  ctx.app.activate('backupPlans')
  return plan
}

const withoutIds = (body: PlanBody): string =>
  JSON.stringify({ ...body, rules: body.rules.map((rule) => ({ ...rule, id: null })) })

function versionIdOf(ctx: Ctx): string {
  return Buffer.from(ctx.app.random.bytes(36)).toString('base64url')
}

async function versionInsert(ctx: Ctx, tx: StoreTransaction, plan: BackupPlan): Promise<void> {
  const { id: planId, versionId, body, creatorRequestId } = plan
  await tx.insert('backupPlanVersion', {
    ...baseOf(ctx),
    id: `${planId}/${versionId}`,
    planId,
    versionId,
    body,
    creatorRequestId,
    deletedAt: null,
  })
}

/** @throws ResourceNotFoundException */
export async function planGet(
  ctx: Ctx,
  id: string,
  reader: StoreReader = ctx.app.store,
): Promise<BackupPlan> {
  const plan = await reader.get('backupPlan', id)
  if (plan?.account === ctx.account && plan.region === ctx.region) return plan
  throw resourceNotFound(`Cannot find Backup plan with ID ${id}`)
}

async function livePlanGet(ctx: Ctx, id: string, reader: StoreReader): Promise<BackupPlan> {
  const plan = await planGet(ctx, id, reader)
  if (plan.deletedAt !== null) throw resourceNotFound(`Cannot find Backup plan with ID ${id}`)
  return plan
}

export async function planVersions(ctx: Ctx, id: string): Promise<BackupPlanVersion[]> {
  const plan = await planGet(ctx, id)
  const reference = { name: 'plan', value: plan.id }
  return ctx.app.store.list('backupPlanVersion', { reference })
}

/** Of the version that is named, or the newest. */
export async function planVersionGet(ctx: Ctx, id: string, versionId: string | undefined) {
  const plan = await planGet(ctx, id)
  const version = await ctx.app.store.get(
    'backupPlanVersion',
    `${id}/${versionId ?? plan.versionId}`,
  )
  if (!version) throw resourceNotFound(`Cannot find version ${versionId} of Backup plan ${id}`)
  return { plan, version }
}

/** Rules keep their ids by their names. */
export async function planUpdate(ctx: Ctx, id: string, body: PlanBody): Promise<BackupPlan> {
  bodyCheck(body)
  await defaultVaultEnsure(
    ctx,
    body.rules.map((rule) => rule.vaultName),
  )
  const plan = await ctx.app.store.transact(async (tx) => {
    const before = await livePlanGet(ctx, id, tx)
    const versions = await tx.count('backupPlanVersion', { reference: { name: 'plan', value: id } })
    if (versions >= VERSIONS_MAX) throw limitExceeded(`At most ${VERSIONS_MAX} versions of a plan`)
    const rules = body.rules.map((rule): PlanRule => {
      const same = before.body.rules.find((one) => one.name === rule.name)
      return same ? { ...rule, id: same.id } : rule
    })
    const lookedAt = Object.fromEntries(
      rules.flatMap((rule) => {
        const same = before.body.rules.find((one) => one.id === rule.id)
        // Another schedule begins now, whatever the old one missed.
        const isKept = same?.schedule === rule.schedule && same.timezone === rule.timezone
        const at = before.lookedAt[rule.id]
        return isKept && at !== undefined ? [[rule.id, at]] : [[rule.id, ctx.app.clock.now()]]
      }),
    )
    const after = await tx.update('backupPlan', {
      ...before,
      body: { ...body, rules },
      lookedAt,
      versionId: versionIdOf(ctx),
      updatedAt: ctx.app.clock.now(),
    })
    await versionInsert(ctx, tx, after)
    return after
  })
  ctx.app.activate('backupPlans')
  return plan
}

/** @throws InvalidRequestException while it has selections. */
export async function planDelete(ctx: Ctx, id: string): Promise<BackupPlan> {
  return ctx.app.store.transact(async (tx) => {
    const plan = await livePlanGet(ctx, id, tx)
    if ((await tx.count('backupSelection', { reference: { name: 'plan', value: id } })) > 0) {
      throw invalidRequest(
        'Related backup plan selections must be deleted prior to backup plan deletion',
      )
    }
    return tx.update('backupPlan', { ...plan, deletedAt: ctx.app.clock.now() })
  })
}

export function bodyCheck({ rules, advanced }: PlanBody): void {
  if (rules.length === 0) throw invalidParameter('A backup plan needs at least one rule')
  if (rules.length > RULES_MAX) throw limitExceeded(`At most ${RULES_MAX} rules in a plan`)
  const names = new Set(rules.map((rule) => rule.name))
  if (names.size < rules.length) throw invalidParameter('Rule names must be unique in a plan')
  for (const rule of rules) ruleCheck(rule)
  for (const { resourceType, options } of advanced) {
    const known = HANDLERS.find((handler) => handler.type === resourceType)?.options ?? {}
    for (const [name, value] of Object.entries(options)) {
      if (Object.hasOwn(known, name) && known[name]!.includes(value)) continue
      throw invalidParameter(`Invalid backup option ${name}=${value} for ${resourceType}`)
    }
  }
}

function ruleCheck(rule: PlanRule): void {
  scheduleCheck(rule.schedule, rule.timezone)
  windowsCheck(rule.startWindowMinutes, rule.completionWindowMinutes)
  tagsChecked(rule.pointTags)
  for (const lifecycle of [rule.lifecycle, ...rule.copies.map((copy) => copy.lifecycle)]) {
    const problem = lifecycle && lifecycleProblem(lifecycle)
    if (problem) throw invalidParameter(problem)
  }
  for (const { vaultArn } of rule.copies) {
    if (!parseVaultArn(vaultArn)) throw invalidParameter(`Invalid destination vault: ${vaultArn}`)
  }
}

/** @throws InvalidParameterValueException */
export function scheduleCheck(schedule: string, timezone: string): void {
  try {
    parseSchedule(schedule)
  } catch (error) {
    if (!(error instanceof ScheduleError)) throw error
    throw invalidParameter(`Invalid schedule expression ${schedule}: ${error.message}`)
  }
  if (!isTimeZone(timezone)) throw invalidParameter(`Unknown time zone ${timezone}`)
}

export function windowsCheck(startMinutes: number, completionMinutes: number | null): void {
  if (startMinutes < START_WINDOW_MINUTES_MIN) {
    throw invalidParameter(
      `Invalid value for StartWindowMinutes: it is at least ${START_WINDOW_MINUTES_MIN}`,
    )
  }
  if (completionMinutes !== null && completionMinutes < startMinutes) {
    throw invalidParameter('CompletionWindowMinutes cannot be shorter than StartWindowMinutes')
  }
}

export interface SelectionRequest {
  name: string
  roleArn: string
  rules: SelectionRules
  creatorRequestId: string | null
}

export async function selectionCreate(
  ctx: Ctx,
  planId: string,
  request: SelectionRequest,
): Promise<BackupSelection> {
  selectionCheck(request.rules)
  roleChecked(ctx, request.roleArn)
  try {
    return await ctx.app.store.transact(async (tx) => {
      await livePlanGet(ctx, planId, tx)
      const of = await tx.list('backupSelection', { reference: { name: 'plan', value: planId } })
      const { creatorRequestId } = request
      const repeated = of.find(
        (one) => creatorRequestId !== null && one.creatorRequestId === creatorRequestId,
      )
      if (repeated) return repeated
      if (of.length >= SELECTIONS_MAX) {
        throw limitExceeded(`At most ${SELECTIONS_MAX} selections in a plan`)
      }
      return tx.insert('backupSelection', { ...baseOf(ctx), ...request, id: randomUUID(), planId })
    })
  } catch (error) {
    if (!(error instanceof ClaimTakenError)) throw error
    throw alreadyExists(`A selection with the name ${request.name} already exists in the plan`)
  }
}

function selectionCheck({ resources, notResources, tags, conditions }: SelectionRules): void {
  for (const arns of [resources, notResources]) {
    const max = arns.some((arn) => arn.includes('*')) ? ARNS_MAX_WITH_WILDCARDS : ARNS_MAX
    if (arns.length > max) throw limitExceeded(`At most ${max} ARNs in a selection`)
    const stray = arns.find((arn) => arn !== '*' && !/^arn:[\w*-]+:[\w*-]+:/.test(arn))
    if (stray !== undefined) throw invalidParameter(`Invalid ARN in the selection: ${stray}`)
  }
  const all = [
    ...conditions.equals,
    ...conditions.notEquals,
    ...conditions.like,
    ...conditions.notLike,
  ]
  if (tags.length + all.length > CONDITIONS_MAX) {
    throw limitExceeded(`At most ${CONDITIONS_MAX} conditions in a selection`)
  }
  const wrong = all.find((one) => !one.key.startsWith('aws:ResourceTag/'))
  if (wrong) throw invalidParameter(`A condition's key begins with aws:ResourceTag/: ${wrong.key}`)
}

/** @throws ResourceNotFoundException */
export async function selectionGet(
  ctx: Ctx,
  planId: string,
  id: string,
  reader: StoreReader = ctx.app.store,
): Promise<BackupSelection> {
  await planGet(ctx, planId, reader)
  const selection = await reader.get('backupSelection', id)
  if (selection?.planId === planId) return selection
  throw resourceNotFound(`Cannot find selection ${id} of Backup plan ${planId}`)
}

export async function selectionsOf(ctx: Ctx, planId: string): Promise<BackupSelection[]> {
  await planGet(ctx, planId)
  return ctx.app.store.list('backupSelection', { reference: { name: 'plan', value: planId } })
}

export async function selectionDelete(ctx: Ctx, planId: string, id: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await tx.remove('backupSelection', await selectionGet(ctx, planId, id, tx))
  })
}
