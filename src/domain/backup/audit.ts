/**
 * Backup Audit Manager's records and controls: which controls there are, what they may be told, and what each of them
 * says of one thing. Pure. Source: AWS Backup developer guide, "AWS Backup Audit Manager controls and remediation".
 */
import type { ResourceBase, Tags } from '../resource.ts'
import { parseSchedule, scheduleNext } from './cron.ts'
import type { Lifecycle, PlanRule } from './records.ts'
import { DAY_MS, HOUR_MS } from './sizes.ts'

export interface Control {
  name: string
  parameters: Readonly<Record<string, string>>
  scope: { ids: readonly string[]; types: readonly string[]; tags: Tags | null } | null
}

export interface BackupFramework extends ResourceBase<string> {
  name: string
  description: string | null
  controls: readonly Control[]
  idempotencyToken: string | null
}

export const JOB_TEMPLATES = ['BACKUP_JOB_REPORT', 'COPY_JOB_REPORT', 'RESTORE_JOB_REPORT'] as const
export const COMPLIANCE_TEMPLATES = [
  'CONTROL_COMPLIANCE_REPORT',
  'RESOURCE_COMPLIANCE_REPORT',
] as const
export type ReportTemplate = (typeof JOB_TEMPLATES | typeof COMPLIANCE_TEMPLATES)[number]
export type ReportFormat = 'CSV' | 'JSON'

export interface ReportPlan extends ResourceBase<string> {
  name: string
  description: string | null
  bucket: string
  prefix: string | null
  formats: readonly ReportFormat[]
  template: ReportTemplate
  frameworkArns: readonly string[]
  attemptedAt: number | null
  succeededAt: number | null
  /** Until when its days have been looked at. */
  lookedAt: number
}

export interface ReportJob extends ResourceBase<string> {
  planId: string
  planName: string
  template: ReportTemplate
  state: 'CREATED' | 'COMPLETED' | 'FAILED'
  message: string | null
  endedAt: number | null
  bucket: string
  keys: readonly string[]
}

export interface AuditResourceTypes {
  backupFramework: BackupFramework
  backupReportPlan: ReportPlan
  backupReportJob: ReportJob
}

interface ControlRule {
  /** What it looks at. */
  of: 'resource' | 'plan' | 'vault' | 'point'
  parameters: readonly string[]
}

export const CONTROLS: Readonly<Record<string, ControlRule>> = {
  BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN: { of: 'resource', parameters: [] },
  BACKUP_LAST_RECOVERY_POINT_CREATED: {
    of: 'resource',
    parameters: ['recoveryPointAgeUnit', 'recoveryPointAgeValue'],
  },
  BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK: {
    of: 'resource',
    parameters: ['minRetentionDays', 'maxRetentionDays'],
  },
  BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK: {
    of: 'plan',
    parameters: ['requiredFrequencyUnit', 'requiredFrequencyValue', 'requiredRetentionDays'],
  },
  BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED: { of: 'vault', parameters: ['principalArnList'] },
  BACKUP_RECOVERY_POINT_ENCRYPTED: { of: 'point', parameters: [] },
  BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK: {
    of: 'point',
    parameters: ['requiredRetentionDays'],
  },
}

const RETENTION_DAYS_DEFAULT = 35
/** So many runs of a rule show its longest pause. */
const RUNS_LOOKED_AT = 60

/** A whole number that a parameter gives; undefined: it is none. */
export function daysOf({ parameters }: Control, name: string): number | undefined {
  const text = parameters[name]
  if (text === undefined) return RETENTION_DAYS_DEFAULT
  return /^\d{1,5}$/.test(text) ? Number(text) : undefined
}

/** One day unless it is said; undefined: it says nothing of use. */
export function periodOf({ parameters }: Control, unitName: string, valueName: string) {
  const { [unitName]: unit = 'days', [valueName]: value = '1' } = parameters
  if (!/^[1-9]\d{0,3}$/.test(value) || !['hours', 'days'].includes(unit)) return undefined
  return Number(value) * (unit === 'hours' ? HOUR_MS : DAY_MS)
}

export function isRetained(lifecycle: Lifecycle | null, days: number): boolean {
  const kept = lifecycle?.deleteAfterDays ?? null
  return kept === null || kept >= days
}

/** Whether a rule runs at least as often, and keeps what it makes at least as long. */
export function ruleSuffices(rule: PlanRule, everyMs: number, days: number, now: number): boolean {
  if (!isRetained(rule.lifecycle, days)) return false
  const schedule = parseSchedule(rule.schedule)
  let at = scheduleNext(schedule, rule.timezone, now)
  for (let run = 0; run < RUNS_LOOKED_AT; run++) {
    if (at === null) return false
    const next = scheduleNext(schedule, rule.timezone, at)
    // An hour more on the day on which clocks are put back.
    if (next === null || next - at > everyMs + HOUR_MS) return false
    at = next
  }
  return true
}

const DELETION = 'backup:deleterecoverypoint'

interface Statement {
  Effect?: string
  Principal?: unknown
  Action?: string | string[]
  Condition?: Record<string, Record<string, string | string[]>>
}

/** Whether a vault's access policy lets nobody delete points but these principals. */
export function forbidsDeletion(policy: string | null, exceptions: readonly string[]): boolean {
  if (policy === null) return false
  const { Statement = [] } = JSON.parse(policy) as { Statement?: Statement | Statement[] }
  return [Statement].flat().some((one) => {
    if (one.Effect !== 'Deny' || !isEverybody(one.Principal)) return false
    const actions = [one.Action ?? []].flat().map((action) => action.toLowerCase())
    if (!actions.some((action) => ['*', 'backup:*', DELETION].includes(action))) return false
    const conditions = Object.values(one.Condition ?? {}).flatMap((by) => Object.entries(by))
    return conditions.every(
      ([key, values]) =>
        key.toLowerCase() === 'aws:principalarn' &&
        [values].flat().every((arn) => exceptions.includes(arn)),
    )
  })
}

function isEverybody(principal: unknown): boolean {
  if (principal === '*') return true
  const { AWS } = (principal ?? {}) as { AWS?: string | string[] }
  return [AWS ?? []].flat().includes('*')
}
