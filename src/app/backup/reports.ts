/**
 * Reports: of the jobs of the last day, or of what the controls of frameworks found, as CSV and JSON where their plan
 * says. Once a day each, and when asked. A job that a crash interrupts writes the same files again.
 */
import { frameworkArn } from '../../domain/backup/arn.ts'
import type { ReportFormat, ReportJob, ReportPlan } from '../../domain/backup/audit.ts'
import { DAY_MS } from '../../domain/backup/sizes.ts'
import type { App, Ctx } from '../context.ts'
import { scopeOf } from '../network/scope.ts'
import { frameworksEvaluate, type ControlFindings } from './audit.ts'
import { anyHost, backgroundCtx, backupHostOf } from './background.ts'
import { reasonOf } from './faults.ts'
import { FOLDER_BUCKET, locationOfBucket, reportJobInsert } from './report-plans.ts'
import { placeLocation } from './vault-key.ts'

type Row = Readonly<Record<string, string | number | null>>

export async function reportsReconcile(app: App, signal: AbortSignal): Promise<void> {
  const now = app.clock.now()
  for (const plan of await app.store.list('backupReportPlan', {})) {
    // The clock was set back: it counts from here.
    const isBack = plan.lookedAt > now
    if (!isBack && now - plan.lookedAt < DAY_MS) continue
    await app.store.transact(async (tx) => {
      const one = await tx.get('backupReportPlan', plan.id)
      if (one?.generation !== plan.generation) return
      if (!isBack) await reportJobInsert(backgroundCtx(app, plan, plan.id), tx, one)
      await tx.update('backupReportPlan', { ...one, lookedAt: now })
    })
  }
  const open = { reference: { name: 'open', value: 'yes' } }
  for (const job of await app.store.list('backupReportJob', open)) {
    signal.throwIfAborted()
    await run(app, job)
  }
}

async function run(app: App, job: ReportJob): Promise<void> {
  const plan = await app.store.get('backupReportPlan', job.planId)
  let keys: string[] = []
  let message: string | null = plan ? null : `The report plan ${job.planName} is gone`
  if (plan) {
    try {
      keys = await write(backgroundCtx(app, job, job.id), plan, job)
    } catch (error) {
      app.log.warn({ err: error, report: plan.name }, 'a report was not written')
      message = reasonOf(error)
    }
  }
  await app.store.transact(async (tx) => {
    const one = await tx.get('backupReportJob', job.id)
    if (one?.state !== 'CREATED') return
    const state = message === null ? 'COMPLETED' : 'FAILED'
    const endedAt = app.clock.now()
    await tx.update('backupReportJob', { ...one, state, message, keys, endedAt })
    const now = await tx.get('backupReportPlan', job.planId)
    if (!now) return
    const succeededAt = message === null ? endedAt : now.succeededAt
    await tx.update('backupReportPlan', { ...now, attemptedAt: endedAt, succeededAt })
  })
}

async function write(ctx: Ctx, plan: ReportPlan, job: ReportJob): Promise<string[]> {
  const rows = await rowsOf(ctx, plan)
  const day = new Date(job.createdAt).toISOString().slice(0, 10).replaceAll('-', '/')
  const time = new Date(job.createdAt).toISOString().replaceAll(/[:.]/g, '-')
  const folder = [plan.prefix, 'Backup', ctx.region, day].filter(Boolean).join('/')
  const files = plan.formats.map((format) => ({
    key: `${folder}/${plan.name}_${time}.${format.toLowerCase()}`,
    text: rendered(format, plan, rows),
  }))
  const name = plan.bucket === FOLDER_BUCKET ? null : await locationOfBucket(ctx, plan.bucket)
  if (name === undefined) throw new Error(`The bucket ${plan.bucket} is not registered any more`)
  const location = name === null ? null : await placeLocation(ctx.app, plan.id, name)
  await backupHostOf(anyHost(ctx.app)).reportWrite(location, files)
  return files.map(({ key }) => key)
}

async function rowsOf(ctx: Ctx, plan: ReportPlan): Promise<Row[]> {
  if (plan.template === 'CONTROL_COMPLIANCE_REPORT')
    return controlRows(ctx, await findingsOf(ctx, plan))
  if (plan.template === 'RESOURCE_COMPLIANCE_REPORT')
    return resourceRows(ctx, await findingsOf(ctx, plan))
  const { store, clock } = ctx.app
  const since = clock.now() - DAY_MS
  const kinds = {
    BACKUP_JOB_REPORT: 'backupJob',
    COPY_JOB_REPORT: 'backupCopyJob',
    RESTORE_JOB_REPORT: 'backupRestoreJob',
  } as const
  const jobs = await store.list(kinds[plan.template], scopeOf(ctx))
  return jobs
    .filter(({ createdAt, endedAt }) => createdAt >= since || (endedAt ?? 0) >= since)
    .sort((a, b) => a.createdAt - b.createdAt)
    .map((job) => ({
      jobId: job.id,
      jobStatus: job.state,
      statusMessage: job.message,
      accountId: job.account,
      region: job.region,
      resourceType: job.resourceType,
      resourceArn: job.resourceArn,
      resourceName: job.resourceName,
      backupPlanName: 'createdBy' in job ? (job.createdBy?.planName ?? null) : null,
      backupVaultName: 'vaultName' in job ? job.vaultName : null,
      recoveryPointId: 'pointId' in job ? job.pointId : job.sourcePointId,
      destinationVaultArn: 'destinationVaultArn' in job ? job.destinationVaultArn : null,
      createdResourceArn: 'createdResourceArn' in job ? job.createdResourceArn : null,
      iamRoleArn: job.roleArn,
      creationDate: new Date(job.createdAt).toISOString(),
      completionDate: job.endedAt === null ? null : new Date(job.endedAt).toISOString(),
      sizeInBytes: job.sizeBytes,
    }))
}

async function findingsOf(ctx: Ctx, plan: ReportPlan): Promise<ControlFindings[]> {
  const frameworks = await ctx.app.store.list('backupFramework', scopeOf(ctx))
  const meant = frameworks.filter((one) => plan.frameworkArns.includes(frameworkArn(one)))
  return frameworksEvaluate(ctx, meant)
}

function resourceRows(ctx: Ctx, controls: readonly ControlFindings[]): Row[] {
  const evaluatedAt = new Date(ctx.app.clock.now()).toISOString()
  return controls.flatMap(({ framework, control, findings }) =>
    findings.map((one) => ({
      accountId: ctx.account,
      region: ctx.region,
      frameworkName: framework,
      controlName: control,
      resourceArn: one.resourceArn,
      resourceType: one.resourceType,
      resourceComplianceStatus: statusOf(one.isCompliant),
      lastEvaluationTime: evaluatedAt,
    })),
  )
}

function controlRows(ctx: Ctx, controls: readonly ControlFindings[]): Row[] {
  const evaluatedAt = new Date(ctx.app.clock.now()).toISOString()
  return controls.map(({ framework, control, findings }) => {
    const failing = findings.filter((one) => !one.isCompliant).length
    return {
      accountId: ctx.account,
      region: ctx.region,
      frameworkName: framework,
      controlName: control,
      controlComplianceStatus: statusOf(failing === 0),
      numResourcesCompliant: findings.length - failing,
      numResourcesNonCompliant: failing,
      lastEvaluationTime: evaluatedAt,
    }
  })
}

const statusOf = (isCompliant: boolean): string => (isCompliant ? 'COMPLIANT' : 'NON_COMPLIANT')

const OF_RESOURCES = [
  'accountId',
  'region',
  'frameworkName',
  'controlName',
  'resourceArn',
  'resourceType',
  'resourceComplianceStatus',
  'lastEvaluationTime',
]
const OF_CONTROLS = [
  'accountId',
  'region',
  'frameworkName',
  'controlName',
  'controlComplianceStatus',
  'numResourcesCompliant',
  'numResourcesNonCompliant',
  'lastEvaluationTime',
]
const OF_JOBS = [
  'jobId',
  'jobStatus',
  'statusMessage',
  'accountId',
  'region',
  'resourceType',
  'resourceArn',
  'resourceName',
  'backupPlanName',
  'backupVaultName',
  'recoveryPointId',
  'destinationVaultArn',
  'createdResourceArn',
  'iamRoleArn',
  'creationDate',
  'completionDate',
  'sizeInBytes',
]
/** Said apart from the rows: a report without any has its header too. */
const COLUMNS: Readonly<Record<ReportPlan['template'], readonly string[]>> = {
  RESOURCE_COMPLIANCE_REPORT: OF_RESOURCES,
  CONTROL_COMPLIANCE_REPORT: OF_CONTROLS,
  BACKUP_JOB_REPORT: OF_JOBS,
  COPY_JOB_REPORT: OF_JOBS,
  RESTORE_JOB_REPORT: OF_JOBS,
}

function rendered(format: ReportFormat, { template, name }: ReportPlan, rows: readonly Row[]) {
  if (format === 'JSON') {
    return `${JSON.stringify({ reportPlan: name, reportTemplate: template, reportItems: rows }, null, 2)}\n`
  }
  const columns = COLUMNS[template]
  const lines = [columns, ...rows.map((row) => columns.map((column) => row[column]))]
  return lines.map((line) => `${line.map(csvOf).join(',')}\r\n`).join('')
}

/** What begins like a formula is none to whoever opens it in a spreadsheet. */
function csvOf(value: string | number | null | undefined): string {
  const text = String(value ?? '')
  const calm = /^[=+\-@\t\r]/.test(text) && typeof value === 'string' ? `'${text}` : text
  return /[",\r\n]/.test(calm) ? `"${calm.replaceAll('"', '""')}"` : calm
}
