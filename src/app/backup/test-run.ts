/**
 * Restore tests at their times: for each selection of a plan, a point of each resource that it means is restored,
 * looked at, and removed again. An instance is really booted, in a security group without any rule.
 */
import { parseArn, testPlanArn, vaultArn } from '../../domain/backup/arn.ts'
import type {
  RecoveryPoint,
  RestoreJob,
  TestPlan,
  TestSelection,
  ValidationState,
} from '../../domain/backup/records.ts'
import { likeMatches } from '../../domain/backup/select.ts'
import { DAY_MS, HOUR_MS } from '../../domain/backup/sizes.ts'
import { FaultError } from '../../domain/faults.ts'
import type { App, Ctx } from '../context.ts'
import { backgroundCtx } from './background.ts'
import { reasonOf } from './faults.ts'
import { handlerMust } from './jobs.ts'
import { dueOf, nextRunsOf } from './plan-times.ts'
import { restoreOf } from './restores.ts'

const LOOK_MS = 500

/** Answers how long until it is worth looking again; null: at the loop's own period. */
export async function testsReconcile(app: App, signal: AbortSignal): Promise<number | null> {
  let next = Infinity
  for (const plan of await app.store.list('backupTestPlan', {})) {
    signal.throwIfAborted()
    await runDue(app, plan).catch((err: unknown) =>
      app.log.error({ err, plan: plan.name }, 'a restore testing plan was not run'),
    )
    const rules = [{ ...plan, id: plan.id }] as never
    const at = nextRunsOf({ rules }, app.clock.now(), 1)[0]?.at
    if (at !== undefined) next = Math.min(next, at - app.clock.now())
  }
  const reference = { name: 'testing', value: 'yes' }
  for (const job of await app.store.list('backupRestoreJob', { reference })) {
    signal.throwIfAborted()
    if (await testStep(app, job)) next = Math.min(next, LOOK_MS)
  }
  return Number.isFinite(next) ? Math.max(0, next) : null
}

async function runDue(app: App, plan: TestPlan): Promise<void> {
  const now = app.clock.now()
  const isAhead = plan.lookedAt > now
  if (!isAhead && dueOf(plan, plan.lookedAt, now) === null) return
  const ctx = backgroundCtx(app, plan, plan.id)
  const points = isAhead ? [] : await pointsFor(app, plan)
  await app.store.transact(async (tx) => {
    const one = await tx.get('backupTestPlan', plan.id)
    if (one?.generation !== plan.generation) return
    const lastRunAt = isAhead ? one.lastRunAt : now
    await tx.update('backupTestPlan', { ...one, lookedAt: now, lastRunAt })
    if (isAhead) return
    const reference = { name: 'plan', value: plan.id }
    for (const selection of await tx.list('backupTestSelection', { reference })) {
      for (const point of chosenOf(plan, selection, points, app)) {
        await tx.insert('backupRestoreJob', await jobOf(ctx, plan, selection, point))
      }
    }
  })
  app.activate('backupJobs')
}

async function jobOf(
  ctx: Ctx,
  plan: TestPlan,
  selection: TestSelection,
  point: RecoveryPoint,
): Promise<RestoreJob> {
  const handler = handlerMust(point.resourceType)
  const metadata = await handler.testMetadata(point, selection.overrides)
  const { roleArn, overrides } = selection
  const test = {
    planName: plan.name,
    planArn: testPlanArn(plan),
    selectionName: selection.name,
    deleteAt: null,
  }
  const isOverridden = Object.keys(overrides).some(
    (key) => key.toLowerCase() === 'securitygroupids',
  )
  return restoreOf(ctx, point, {
    metadata,
    areTagsCopied: false,
    test,
    roleArn,
    made: { isOverridden },
  })
}

/** Of the plan's account and region, its vaults and its window. */
async function pointsFor(app: App, plan: TestPlan): Promise<RecoveryPoint[]> {
  const { includeVaults, excludeVaults, windowDays } = plan.points
  const from = app.clock.now() - windowDays * DAY_MS
  const { account, region } = plan
  const points = await app.store.list('backupPoint', { account, region })
  return points.filter((point) => {
    const arn = vaultArn({ ...point, name: point.vaultName })
    const isIn = includeVaults.some((pattern) => likeMatches(pattern, arn))
    const isOut = excludeVaults.some((pattern) => likeMatches(pattern, arn))
    return isIn && !isOut && point.state === 'COMPLETED' && point.createdAt >= from
  })
}

/** One point of each resource. */
function chosenOf(
  plan: TestPlan,
  selection: TestSelection,
  points: readonly RecoveryPoint[],
  app: App,
): RecoveryPoint[] {
  const byResource = new Map<string, RecoveryPoint[]>()
  for (const point of points) {
    if (!isMeant(selection, point)) continue
    byResource.set(point.resourceArn, [...(byResource.get(point.resourceArn) ?? []), point])
  }
  return [...byResource.values()].map((of) => {
    if (plan.points.algorithm === 'LATEST_WITHIN_WINDOW') {
      return of.reduce((a, b) => (b.createdAt > a.createdAt ? b : a))
    }
    const [a = 0, b = 0] = app.random.bytes(2)
    return of[((a << 8) | b) % of.length]!
  })
}

function isMeant(selection: TestSelection, point: RecoveryPoint): boolean {
  if (point.resourceType !== selection.resourceType) return false
  const { resourceArns, conditions } = selection
  if (resourceArns.length > 0) {
    return resourceArns.some((one) => likeMatches(one, point.resourceArn))
  }
  const valueOf = (key: string) => point.tags[key.replace(/^aws:ResourceTag\//, '')]
  return (
    conditions.equals.every((one) => valueOf(one.key) === one.value) &&
    conditions.notEquals.every((one) => valueOf(one.key) !== one.value)
  )
}

/** Whether there is more to come of it. */
async function testStep(app: App, job: RestoreJob): Promise<boolean> {
  const isEnded = ['COMPLETED', 'FAILED', 'ABORTED'].includes(job.state)
  if (!isEnded || job.test === null) return false
  const ctx = backgroundCtx(app, job, job.id)
  const handler = handlerMust(job.resourceType)
  if (job.state === 'COMPLETED' && job.validation?.state === 'VALIDATING') {
    const seen = handler.validate ? await handler.validate(ctx, job) : null
    if (seen) await validationSet(app, job.id, seen.isAlive ? 'SUCCESSFUL' : 'FAILED', seen.message)
    return true
  }
  const window = await windowMs(app, job)
  const isOver = job.state !== 'COMPLETED' || app.clock.now() >= (job.endedAt ?? 0) + window
  if (!isOver) return false
  try {
    const isGone = handler.discard ? await handler.discard(ctx, job) : true
    await deletionSet(app, job.id, isGone ? 'SUCCESSFUL' : 'DELETING', null)
    return !isGone
  } catch (error) {
    if (!(error instanceof FaultError)) throw error
    await deletionSet(app, job.id, 'FAILED', reasonOf(error))
    return true
  }
}

/** How long its owner may look at what was restored. */
async function windowMs(app: App, job: RestoreJob): Promise<number> {
  const id = parseArn(job.test!.planArn)?.rest.split('-').slice(-5).join('-') ?? ''
  const reference = { name: 'plan', value: id }
  const selections = await app.store.list('backupTestSelection', { reference })
  const selection = selections.find((one) => one.name === job.test!.selectionName)
  return (selection?.validationHours ?? 0) * HOUR_MS
}

export async function validationSet(
  app: App,
  id: string,
  state: ValidationState,
  message: string | null,
): Promise<void> {
  await app.store.transact(async (tx) => {
    const job = await tx.get('backupRestoreJob', id)
    if (job?.validation)
      await tx.update('backupRestoreJob', { ...job, validation: { state, message } })
  })
  app.log.info({ job: id, state, message }, 'a restore was tested')
}

async function deletionSet(
  app: App,
  id: string,
  state: 'DELETING' | 'FAILED' | 'SUCCESSFUL',
  message: string | null,
): Promise<void> {
  await app.store.transact(async (tx) => {
    const job = await tx.get('backupRestoreJob', id)
    if (!job || job.deletion?.state === state) return
    await tx.update('backupRestoreJob', { ...job, deletion: { state, message } })
  })
}
