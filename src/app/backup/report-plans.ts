/** Report plans, and the jobs that write their reports: as records. What is in a report: reports.ts. */
import { randomUUID } from 'node:crypto'
import { frameworkArn } from '../../domain/backup/arn.ts'
import {
  COMPLIANCE_TEMPLATES,
  JOB_TEMPLATES,
  type ReportFormat,
  type ReportJob,
  type ReportPlan,
  type ReportTemplate,
} from '../../domain/backup/audit.ts'
import type { Tags } from '../../domain/resource.ts'
import type { StoreReader, StoreTransaction } from '../../store/store.ts'
import { onceByToken } from '../client-tokens.ts'
import type { Ctx } from '../context.ts'
import { baseOf, scopeOf } from '../network/scope.ts'
import { alreadyExists, invalidParameter, limitExceeded, resourceNotFound } from './faults.ts'
import { nameCheck } from './frameworks.ts'
import { locationGet, locationNames } from './vault-key.ts'
import { tagsChecked } from './tags.ts'

const PLANS_MAX = 20
/** Instead of a bucket: a folder of the host, `BRUME_HOME/exports/backup-reports`. */
export const FOLDER_BUCKET = 'brume-reports'
const PREFIX = /^[A-Za-z0-9_-][A-Za-z0-9._=-]*(?:\/[A-Za-z0-9_-][A-Za-z0-9._=-]*)*$/

export interface ReportPlanBody {
  description: string | null
  bucket: string
  prefix: string | null
  formats: readonly string[]
  template: string
  frameworkArns: readonly string[]
}

export async function reportPlanCreate(
  ctx: Ctx,
  name: string,
  body: ReportPlanBody,
  options: { tags: Tags; idempotencyToken: string | null },
): Promise<ReportPlan> {
  nameCheck(name)
  const checked = await bodyChecked(ctx, body)
  const base = { ...baseOf(ctx, tagsChecked(options.tags)), id: randomUUID() }
  const times = { attemptedAt: null, succeededAt: null, lookedAt: base.createdAt }
  const { result } = await ctx.app.store.transact((tx) =>
    onceByToken(ctx, tx, 'CreateReportPlan', options.idempotencyToken, async () => {
      if (await find(ctx, name, tx)) throw alreadyExists(`Report plan ${name} already exists`)
      const count = await tx.count('backupReportPlan', scopeOf(ctx))
      if (count >= PLANS_MAX) throw limitExceeded(`At most ${PLANS_MAX} report plans`)
      return (await tx.insert('backupReportPlan', { ...base, ...checked, ...times, name })).name
    }),
  )
  return reportPlanGet(ctx, result)
}

export async function reportPlanUpdate(
  ctx: Ctx,
  name: string,
  change: Partial<ReportPlanBody>,
): Promise<ReportPlan> {
  const before = await reportPlanGet(ctx, name)
  const checked = await bodyChecked(ctx, { ...before, ...change })
  return ctx.app.store.transact(async (tx) => {
    const plan = await reportPlanGet(ctx, name, tx)
    return tx.update('backupReportPlan', { ...plan, ...checked })
  })
}

/** Its reports stay where they are, and its jobs are listed on. */
export async function reportPlanDelete(ctx: Ctx, name: string): Promise<void> {
  await ctx.app.store.transact(async (tx) => {
    await tx.remove('backupReportPlan', await reportPlanGet(ctx, name, tx))
  })
}

/** @throws ResourceNotFoundException */
export async function reportPlanGet(
  ctx: Ctx,
  name: string,
  reader: StoreReader = ctx.app.store,
): Promise<ReportPlan> {
  const plan = await find(ctx, name, reader)
  if (plan) return plan
  throw resourceNotFound(`Report plan ${name} does not exist`)
}

async function find(ctx: Ctx, name: string, reader: StoreReader) {
  const reference = { name: 'name', value: name }
  return (await reader.list('backupReportPlan', { ...scopeOf(ctx), reference }))[0]
}

async function bodyChecked(
  ctx: Ctx,
  body: ReportPlanBody,
): Promise<
  Omit<ReportPlanBody, 'formats' | 'template'> & Pick<ReportPlan, 'formats' | 'template'>
> {
  const { description, bucket, prefix, formats, template, frameworkArns } = body
  const isCompliance = (COMPLIANCE_TEMPLATES as readonly string[]).includes(template)
  if (!isCompliance && !(JOB_TEMPLATES as readonly string[]).includes(template)) {
    const known = [...JOB_TEMPLATES, ...COMPLIANCE_TEMPLATES].join(', ')
    throw invalidParameter(`The report template ${template} is not supported: ${known}`)
  }
  const stray = formats.find((one) => one !== 'CSV' && one !== 'JSON')
  if (stray !== undefined) throw invalidParameter(`Formats are CSV and JSON, not ${stray}`)
  if (prefix !== null && !PREFIX.test(prefix)) {
    throw invalidParameter(`S3KeyPrefix has a character or a name that cannot be: ${prefix}`)
  }
  if (bucket !== FOLDER_BUCKET && !(await locationOfBucket(ctx, bucket))) {
    throw invalidParameter(
      `The bucket ${bucket} is not known here: register it (./brume backup location add), or ` +
        `take ${FOLDER_BUCKET} for a folder of the host`,
    )
  }
  await frameworksCheck(ctx, frameworkArns, isCompliance)
  const known = {
    template: template as ReportTemplate,
    formats: formats as readonly ReportFormat[],
  }
  return { description, bucket, prefix, frameworkArns, ...known }
}

async function frameworksCheck(
  ctx: Ctx,
  arns: readonly string[],
  isCompliance: boolean,
): Promise<void> {
  if (!isCompliance) {
    if (arns.length > 0) throw invalidParameter('Reports of jobs have no frameworks')
    return
  }
  if (arns.length === 0) throw invalidParameter('A report of compliance names its frameworks')
  const known = new Set(
    (await ctx.app.store.list('backupFramework', scopeOf(ctx))).map(frameworkArn),
  )
  const missing = arns.find((arn) => !known.has(arn))
  if (missing !== undefined) throw invalidParameter(`Framework ${missing} does not exist`)
}

/** The name of a registered location in this bucket. */
export async function locationOfBucket(
  { app }: Pick<Ctx, 'app'>,
  bucket: string,
): Promise<string | undefined> {
  for (const name of await locationNames(app)) {
    if ((await locationGet(app.store, name))?.bucket === bucket) return name
  }
  return undefined
}

export async function reportStart(
  ctx: Ctx,
  name: string,
  idempotencyToken: string | null,
): Promise<ReportJob> {
  const id = await ctx.app.store.transact(async (tx) => {
    const plan = await reportPlanGet(ctx, name, tx)
    const { result } = await onceByToken(ctx, tx, 'StartReportJob', idempotencyToken, async () => {
      return (await reportJobInsert(ctx, tx, plan)).id
    })
    return result
  })
  ctx.app.activate('backupAges')
  return reportJobGet(ctx, id)
}

export function reportJobInsert(
  ctx: Ctx,
  tx: StoreTransaction,
  plan: ReportPlan,
): Promise<ReportJob> {
  return tx.insert('backupReportJob', {
    ...baseOf(ctx, {}),
    id: randomUUID(),
    planId: plan.id,
    planName: plan.name,
    template: plan.template,
    state: 'CREATED',
    message: null,
    endedAt: null,
    bucket: plan.bucket,
    keys: [],
  })
}

/** @throws ResourceNotFoundException */
export async function reportJobGet(ctx: Ctx, id: string): Promise<ReportJob> {
  const job = await ctx.app.store.get('backupReportJob', id)
  if (job?.account === ctx.account && job.region === ctx.region) return job
  throw resourceNotFound(`Report job ${id} does not exist`)
}
