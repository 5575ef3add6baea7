/** UpdateRestoreTestingPlan: what is not said stays. */
import { testPlanUpdate } from '../../../app/backup/test-plans.ts'
import { testPlanArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { testPointsOf } from '../present-test.ts'

export default operation<'backup', 'UpdateRestoreTestingPlan'>({
  handle: async (ctx, input) => {
    const given = input.RestoreTestingPlan!
    const plan = await testPlanUpdate(ctx, input.RestoreTestingPlanName!, (before) => ({
      schedule: given.ScheduleExpression ?? before.schedule,
      timezone: given.ScheduleExpressionTimezone ?? before.timezone,
      startWindowHours: given.StartWindowHours || before.startWindowHours,
      points: testPointsOf(given.RecoveryPointSelection ?? {}, before.points),
    }))
    return {
      CreationTime: new Date(plan.createdAt),
      RestoreTestingPlanArn: testPlanArn(plan),
      RestoreTestingPlanName: plan.name,
      UpdateTime: new Date(plan.updatedAt),
    }
  },
})
