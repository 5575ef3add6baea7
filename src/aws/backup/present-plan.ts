/** Plans and selections as Backup's API shows them, and as it is given them. */
import type {
  BackupPlan as AwsPlan,
  BackupPlanInput,
  BackupRule,
  BackupRuleInput,
  BackupSelection as AwsSelection,
  Condition,
  ConditionParameter,
  Lifecycle as AwsLifecycle,
} from '@aws-sdk/client-backup'
import { randomUUID } from 'node:crypto'
import { invalidParameter } from '../../app/backup/faults.ts'
import { vaultArn } from '../../domain/backup/arn.ts'
import type {
  BackupSelection,
  CreatedByPlan,
  Lifecycle,
  PlanBody,
  PlanRule,
  TagCondition,
} from '../../domain/backup/records.ts'
import { FaultError } from '../../domain/faults.ts'
import { planArn } from '../../domain/backup/arn.ts'

/** Source: AWS Backup API reference, BackupRuleInput: what applies when nothing is said. */
const SCHEDULE_DEFAULT = 'cron(0 5 ? * * *)'
const ZONE_DEFAULT = 'Etc/UTC'
export const START_MINUTES_DEFAULT = 480
export const COMPLETION_MINUTES_DEFAULT = 10_080

export function unsupported(feature: string): FaultError {
  return new FaultError({ type: 'Unsupported', feature })
}

/** -1 clears. */
export function lifecycleOf(given: AwsLifecycle | undefined): Lifecycle | null {
  if (!given) return null
  const { MoveToColdStorageAfterDays: cold, DeleteAfterDays: end } = given
  for (const days of [cold, end]) {
    if (days !== undefined && days < 1 && days !== -1) {
      throw invalidParameter('Invalid lifecycle. Days are at least 1, or -1 for never')
    }
  }
  const days = (value: number | undefined) => (value === undefined || value === -1 ? null : value)
  const lifecycle = { coldAfterDays: days(cold), deleteAfterDays: days(end) }
  const isEmpty = lifecycle.coldAfterDays === null && lifecycle.deleteAfterDays === null
  return isEmpty ? null : lifecycle
}

export function presentLifecycle(lifecycle: Lifecycle | null): AwsLifecycle | undefined {
  if (lifecycle === null) return undefined
  const { coldAfterDays, deleteAfterDays } = lifecycle
  return {
    ...(coldAfterDays === null ? {} : { MoveToColdStorageAfterDays: coldAfterDays }),
    ...(deleteAfterDays === null ? {} : { DeleteAfterDays: deleteAfterDays }),
  }
}

export function planBodyOf(input: BackupPlanInput): PlanBody {
  if (input.ScanSettings?.length) throw unsupported('ScanSettings')
  return {
    name: input.BackupPlanName!,
    rules: (input.Rules ?? []).map(ruleOf),
    advanced: (input.AdvancedBackupSettings ?? []).map((one) => ({
      resourceType: one.ResourceType ?? '',
      options: one.BackupOptions ?? {},
    })),
  }
}

function ruleOf(rule: BackupRuleInput): PlanRule {
  if (rule.ScanActions?.length) throw unsupported('ScanActions')
  if (rule.IndexActions?.length) throw unsupported('IndexActions')
  if (rule.TargetLogicallyAirGappedBackupVaultArn) {
    throw unsupported('TargetLogicallyAirGappedBackupVaultArn')
  }
  return {
    id: randomUUID(),
    name: rule.RuleName!,
    vaultName: rule.TargetBackupVaultName!,
    schedule: rule.ScheduleExpression ?? SCHEDULE_DEFAULT,
    timezone: rule.ScheduleExpressionTimezone ?? ZONE_DEFAULT,
    startWindowMinutes: rule.StartWindowMinutes ?? START_MINUTES_DEFAULT,
    completionWindowMinutes: rule.CompletionWindowMinutes ?? COMPLETION_MINUTES_DEFAULT,
    lifecycle: lifecycleOf(rule.Lifecycle),
    pointTags: rule.RecoveryPointTags ?? {},
    isContinuous: rule.EnableContinuousBackup ?? false,
    copies: (rule.CopyActions ?? []).map((copy) => ({
      vaultArn: copy.DestinationBackupVaultArn!,
      lifecycle: lifecycleOf(copy.Lifecycle),
    })),
  }
}

export function presentPlan({ name, rules, advanced }: PlanBody): AwsPlan {
  return {
    BackupPlanName: name,
    Rules: rules.map(presentRule),
    ...presentAdvanced(advanced),
  }
}

export function presentAdvanced(advanced: PlanBody['advanced']) {
  if (advanced.length === 0) return {}
  const settings = advanced.map(({ resourceType, options }) => ({
    ResourceType: resourceType,
    BackupOptions: { ...options },
  }))
  return { AdvancedBackupSettings: settings }
}

function presentRule(rule: PlanRule): BackupRule {
  return {
    RuleName: rule.name,
    RuleId: rule.id,
    TargetBackupVaultName: rule.vaultName,
    ScheduleExpression: rule.schedule,
    ScheduleExpressionTimezone: rule.timezone,
    StartWindowMinutes: rule.startWindowMinutes,
    CompletionWindowMinutes: rule.completionWindowMinutes,
    Lifecycle: presentLifecycle(rule.lifecycle),
    RecoveryPointTags: Object.keys(rule.pointTags).length > 0 ? { ...rule.pointTags } : undefined,
    EnableContinuousBackup: rule.isContinuous,
    CopyActions: rule.copies.map((copy) => ({
      DestinationBackupVaultArn: copy.vaultArn,
      Lifecycle: presentLifecycle(copy.lifecycle),
    })),
  }
}

export function selectionOf(
  input: AwsSelection,
): Pick<BackupSelection, 'name' | 'roleArn' | 'rules'> {
  const { Conditions: conditions = {} } = input
  return {
    name: input.SelectionName!,
    roleArn: input.IamRoleArn!,
    rules: {
      resources: input.Resources ?? [],
      notResources: input.NotResources ?? [],
      tags: (input.ListOfTags ?? []).map(conditionOf),
      conditions: {
        equals: (conditions.StringEquals ?? []).map(parameterOf),
        notEquals: (conditions.StringNotEquals ?? []).map(parameterOf),
        like: (conditions.StringLike ?? []).map(parameterOf),
        notLike: (conditions.StringNotLike ?? []).map(parameterOf),
      },
    },
  }
}

const conditionOf = (condition: Condition): TagCondition => ({
  key: condition.ConditionKey ?? '',
  value: condition.ConditionValue ?? '',
})

const parameterOf = (condition: ConditionParameter): TagCondition => ({
  key: condition.ConditionKey ?? '',
  value: condition.ConditionValue ?? '',
})

export function presentSelection({ name, roleArn, rules }: BackupSelection): AwsSelection {
  const { conditions } = rules
  const shown = (list: readonly TagCondition[]) =>
    list.map(({ key, value }) => ({ ConditionKey: key, ConditionValue: value }))
  return {
    SelectionName: name,
    IamRoleArn: roleArn,
    Resources: [...rules.resources],
    NotResources: [...rules.notResources],
    ListOfTags: shown(rules.tags).map((one) => ({ ConditionType: 'STRINGEQUALS', ...one })),
    Conditions: {
      StringEquals: shown(conditions.equals),
      StringNotEquals: shown(conditions.notEquals),
      StringLike: shown(conditions.like),
      StringNotLike: shown(conditions.notLike),
    },
  }
}

export function presentCreator(
  owner: { account: string; region: string },
  created: CreatedByPlan | null,
) {
  if (created === null) return undefined
  return {
    BackupPlanId: created.planId,
    BackupPlanArn: planArn({ ...owner, id: created.planId }),
    BackupPlanName: created.planName,
    BackupPlanVersion: created.versionId,
    BackupRuleId: created.ruleId,
    BackupRuleName: created.ruleName,
    BackupRuleCron: created.schedule,
    BackupRuleTimezone: created.timezone,
  }
}

/** The ARN of a vault of the same account and region, by its name. */
export function vaultArnOf(owner: { account: string; region: string }, name: string): string {
  return vaultArn({ account: owner.account, region: owner.region, name })
}
