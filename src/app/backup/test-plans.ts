/** Restore testing plans and their selections: as records. What they do: test-run.ts. */
import { randomUUID } from 'node:crypto'
import { testPlanArn } from '../../domain/backup/arn.ts'
import type { TestPlan, TestSelection } from '../../domain/backup/records.ts'
import type { Tags } from '../../domain/resource.ts'
import { ClaimTakenError, type StoreReader } from '../../store/store.ts'
import type { Ctx } from '../context.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import {
  alreadyExists,
  invalidParameter,
  invalidRequest,
  limitExceeded,
  resourceNotFound,
} from './faults.ts'
import { handlerMust } from './jobs.ts'
import { scheduleCheck } from './plans.ts'
import { roleChecked } from './roles.ts'
import { tagsChecked } from './tags.ts'

const PLANS_MAX = 100
const SELECTIONS_MAX = 30
const WINDOW_DAYS_MAX = 365
const START_HOURS_MAX = 168
const VALIDATION_HOURS_MAX = 168
const ARNS_MAX = 30

export type TestPlanBody = Pick<TestPlan, 'schedule' | 'timezone' | 'startWindowHours' | 'points'>

export async function testPlanCreate(
  ctx: Ctx,
  name: string,
  body: TestPlanBody,
  options: { tags: Tags; creatorRequestId: string | null },
): Promise<TestPlan> {
  bodyCheck(body)
  const { creatorRequestId } = options
  const base = { ...baseOf(ctx, tagsChecked(options.tags)), id: randomUUID() }
  const { createdAt } = base
  const plan = await ctx.app.store.transact(async (tx) => {
    const reference = { name: 'name', value: name }
    const [known] = await tx.list('backupTestPlan', { ...scopeOf(ctx), reference })
    if (known && creatorRequestId !== null && known.creatorRequestId === creatorRequestId) {
      return known
    }
    if (known) {
      throw alreadyExists(`A restore testing plan with the name ${name} already exists`, {
        Arn: testPlanArn(known),
      })
    }
    const count = await tx.count('backupTestPlan', scopeOf(ctx))
    if (count >= PLANS_MAX) throw limitExceeded(`At most ${PLANS_MAX} restore testing plans`)
    const times = { updatedAt: createdAt, lastRunAt: null, lookedAt: createdAt }
    return tx.insert('backupTestPlan', { ...base, ...body, ...times, name, creatorRequestId })
  })
  ctx.app.activate('backupTests')
  return plan
}

function bodyCheck({ schedule, timezone, startWindowHours, points }: TestPlanBody): void {
  scheduleCheck(schedule, timezone)
  if (startWindowHours < 1 || startWindowHours > START_HOURS_MAX) {
    throw invalidParameter(`StartWindowHours is between 1 and ${START_HOURS_MAX}`)
  }
  if (points.windowDays < 1 || points.windowDays > WINDOW_DAYS_MAX) {
    throw invalidParameter(`SelectionWindowDays is between 1 and ${WINDOW_DAYS_MAX}`)
  }
  if (points.includeVaults.length === 0)
    throw invalidParameter('IncludeVaults names at least one vault')
  const stray = [...points.includeVaults, ...points.excludeVaults].find(
    (one) => one !== '*' && !one.startsWith('arn:'),
  )
  if (stray !== undefined) throw invalidParameter(`No ARN of a vault, nor *: ${stray}`)
  if (!points.types.includes('SNAPSHOT')) {
    throw invalidParameter('RecoveryPointTypes: only SNAPSHOT is supported here')
  }
}

/** @throws ResourceNotFoundException */
export async function testPlanGet(
  ctx: Ctx,
  name: string,
  reader: StoreReader = ctx.app.store,
): Promise<TestPlan> {
  const reference = { name: 'name', value: name }
  const [plan] = await reader.list('backupTestPlan', { ...scopeOf(ctx), reference })
  if (!plan) throw resourceNotFound(`Restore testing plan ${name} does not exist`)
  return plan
}

export async function testPlanUpdate(
  ctx: Ctx,
  name: string,
  change: (plan: TestPlan) => TestPlanBody,
): Promise<TestPlan> {
  const plan = await ctx.app.store.transact(async (tx) => {
    const before = await testPlanGet(ctx, name, tx)
    const body = change(before)
    bodyCheck(body)
    const now = ctx.app.clock.now()
    const isSame = body.schedule === before.schedule && body.timezone === before.timezone
    const lookedAt = isSame ? before.lookedAt : now
    return tx.update('backupTestPlan', { ...before, ...body, updatedAt: now, lookedAt })
  })
  ctx.app.activate('backupTests')
  return plan
}

/** With no selections left. @throws InvalidRequestException */
export async function testPlanDelete(ctx: Ctx, name: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const plan = await testPlanGet(ctx, name, tx).catch(() => undefined)
    if (!plan) return
    const reference = { name: 'plan', value: plan.id }
    if ((await tx.count('backupTestSelection', { reference })) > 0) {
      throw invalidRequest('The selections of a restore testing plan are deleted before the plan')
    }
    await tx.remove('backupTestPlan', plan)
  })
}

export type TestSelectionBody = Pick<
  TestSelection,
  'resourceArns' | 'conditions' | 'roleArn' | 'overrides' | 'validationHours'
>

export async function testSelectionCreate(
  ctx: Ctx,
  planName: string,
  request: TestSelectionBody & Pick<TestSelection, 'name' | 'resourceType' | 'creatorRequestId'>,
): Promise<{ plan: TestPlan; selection: TestSelection }> {
  handlerMust(request.resourceType)
  selectionCheck(ctx, request)
  try {
    return await ctx.app.store.transact(async (tx) => {
      const plan = await testPlanGet(ctx, planName, tx)
      const reference = { name: 'plan', value: plan.id }
      if ((await tx.count('backupTestSelection', { reference })) >= SELECTIONS_MAX) {
        throw limitExceeded(`At most ${SELECTIONS_MAX} selections in a restore testing plan`)
      }
      const base = { ...baseOf(ctx), id: randomUUID(), planId: plan.id }
      return { plan, selection: await tx.insert('backupTestSelection', { ...base, ...request }) }
    })
  } catch (error) {
    if (!(error instanceof ClaimTakenError)) throw error
    throw alreadyExists(`A selection with the name ${request.name} already exists in the plan`)
  }
}

function selectionCheck(ctx: Ctx, body: TestSelectionBody): void {
  roleChecked(ctx, body.roleArn)
  const { resourceArns, conditions, overrides, validationHours } = body
  // What a restored machine runs with the rights of its profile is what the old one ran.
  if (Object.keys(overrides).some((key) => key.toLowerCase() === 'userdata')) {
    throw invalidParameter('RestoreMetadataOverrides has no userData')
  }
  const hasConditions = conditions.equals.length + conditions.notEquals.length > 0
  if (resourceArns.length > 0 && hasConditions) {
    throw invalidParameter('A selection has ProtectedResourceArns or conditions, not both')
  }
  if (resourceArns.length === 0 && !hasConditions) {
    throw invalidParameter('A selection has ProtectedResourceArns ("*" for all) or conditions')
  }
  if (resourceArns.length > ARNS_MAX) throw invalidParameter(`At most ${ARNS_MAX} ARNs`)
  if (validationHours < 0 || validationHours > VALIDATION_HOURS_MAX) {
    throw invalidParameter(`ValidationWindowHours is between 0 and ${VALIDATION_HOURS_MAX}`)
  }
}

/** @throws ResourceNotFoundException */
export async function testSelectionGet(
  ctx: Ctx,
  planName: string,
  name: string,
  reader: StoreReader = ctx.app.store,
): Promise<{ plan: TestPlan; selection: TestSelection }> {
  const plan = await testPlanGet(ctx, planName, reader)
  const reference = { name: 'plan', value: plan.id }
  const of = await reader.list('backupTestSelection', { reference })
  const selection = of.find((one) => one.name === name)
  if (!selection) throw resourceNotFound(`Selection ${name} of ${planName} does not exist`)
  return { plan, selection }
}

export async function testSelectionUpdate(
  ctx: Ctx,
  planName: string,
  name: string,
  change: (selection: TestSelection) => TestSelectionBody,
): Promise<{ plan: TestPlan; selection: TestSelection; updatedAt: number }> {
  return ctx.app.store.transact(async (tx) => {
    const { plan, selection } = await testSelectionGet(ctx, planName, name, tx)
    const body = change(selection)
    selectionCheck(ctx, body)
    const after = await tx.update('backupTestSelection', { ...selection, ...body })
    return { plan, selection: after, updatedAt: ctx.app.clock.now() }
  })
}

export async function testSelectionDelete(ctx: Ctx, planName: string, name: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    const { selection } = await testSelectionGet(ctx, planName, name, tx)
    await tx.remove('backupTestSelection', selection)
  })
}
