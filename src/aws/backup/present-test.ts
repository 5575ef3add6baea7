/** Restore testing plans and selections as Backup's API shows them, and as it is given them. */
import type {
  ProtectedResourceConditions,
  RestoreTestingRecoveryPointSelection,
} from '@aws-sdk/client-backup'
import { testPlanArn } from '../../domain/backup/arn.ts'
import type { TestPlan, TestSelection } from '../../domain/backup/records.ts'
import { dateOf } from './present-vault.ts'

export const ZONE_DEFAULT = 'Etc/UTC'
export const START_HOURS_DEFAULT = 24
const WINDOW_DAYS_DEFAULT = 30

export function testPointsOf(
  given: RestoreTestingRecoveryPointSelection,
  before?: TestPlan['points'],
): TestPlan['points'] {
  return {
    algorithm: given.Algorithm ?? before?.algorithm ?? 'LATEST_WITHIN_WINDOW',
    includeVaults: given.IncludeVaults ?? before?.includeVaults ?? [],
    excludeVaults: given.ExcludeVaults ?? before?.excludeVaults ?? [],
    types: given.RecoveryPointTypes ?? before?.types ?? ['SNAPSHOT'],
    windowDays: given.SelectionWindowDays ?? before?.windowDays ?? WINDOW_DAYS_DEFAULT,
  }
}

export function presentTestPlan(plan: TestPlan) {
  return {
    CreationTime: new Date(plan.createdAt),
    LastExecutionTime: dateOf(plan.lastRunAt),
    LastUpdateTime: new Date(plan.updatedAt),
    RestoreTestingPlanArn: testPlanArn(plan),
    RestoreTestingPlanName: plan.name,
    ScheduleExpression: plan.schedule,
    ScheduleExpressionTimezone: plan.timezone,
    StartWindowHours: plan.startWindowHours,
  }
}

export function presentTestPoints({ points }: TestPlan): RestoreTestingRecoveryPointSelection {
  return {
    Algorithm: points.algorithm,
    IncludeVaults: [...points.includeVaults],
    ExcludeVaults: [...points.excludeVaults],
    RecoveryPointTypes: [...points.types] as never,
    SelectionWindowDays: points.windowDays,
  }
}

export function presentTestSelection(plan: Pick<TestPlan, 'name'>, selection: TestSelection) {
  return {
    CreationTime: new Date(selection.createdAt),
    IamRoleArn: selection.roleArn,
    ProtectedResourceType: selection.resourceType,
    RestoreTestingPlanName: plan.name,
    RestoreTestingSelectionName: selection.name,
    ValidationWindowHours: selection.validationHours,
  }
}

export function testConditionsOf(
  given: ProtectedResourceConditions = {},
): TestSelection['conditions'] {
  const listOf = (list: { Key?: string | undefined; Value?: string | undefined }[] = []) =>
    list.map(({ Key = '', Value = '' }) => ({ key: Key, value: Value }))
  return { equals: listOf(given.StringEquals), notEquals: listOf(given.StringNotEquals) }
}

export function presentTestConditions({ conditions }: TestSelection): ProtectedResourceConditions {
  const listOf = (list: TestSelection['conditions']['equals']) =>
    list.map(({ key, value }) => ({ Key: key, Value: value }))
  return {
    StringEquals: listOf(conditions.equals),
    StringNotEquals: listOf(conditions.notEquals),
  }
}
