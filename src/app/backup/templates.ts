/** Plans to begin with, as AWS's console offers them. Source: AWS Backup developer guide, "Create a backup plan". */
import type { Lifecycle, PlanBody, PlanRule } from '../../domain/backup/records.ts'

export interface PlanTemplate {
  id: string
  body: PlanBody
}

const DAILY = 'cron(0 5 ? * * *)'
const MONTHLY = 'cron(0 5 1 * ? *)'

function rule(name: string, schedule: string, deleteAfterDays: number): PlanRule {
  const lifecycle: Lifecycle = { coldAfterDays: null, deleteAfterDays }
  return {
    id: name.toLowerCase(),
    name,
    vaultName: 'Default',
    schedule,
    timezone: 'Etc/UTC',
    startWindowMinutes: 480,
    completionWindowMinutes: 10_080,
    lifecycle,
    pointTags: {},
    isContinuous: false,
    copies: [],
  }
}

function template(id: string, name: string, ...rules: PlanRule[]): PlanTemplate {
  return { id, body: { name, rules, advanced: [] } }
}

export const PLAN_TEMPLATES: readonly PlanTemplate[] = [
  template(
    '87c0c1ef-254d-4180-8fef-2e76a2c38aaa',
    'Daily-35day-Retention',
    rule('DailyBackups', DAILY, 35),
  ),
  template(
    '87c0c1ef-254d-4180-8fef-2e76a2c38aab',
    'Daily-Monthly-1yr-Retention',
    rule('DailyBackups', DAILY, 35),
    rule('MonthlyBackups', MONTHLY, 365),
  ),
  template(
    '87c0c1ef-254d-4180-8fef-2e76a2c38aac',
    'Daily-Weekly-Monthly-5yr-Retention',
    rule('DailyBackups', DAILY, 35),
    rule('WeeklyBackups', 'cron(0 5 ? * 7 *)', 91),
    rule('MonthlyBackups', MONTHLY, 1_825),
  ),
]
