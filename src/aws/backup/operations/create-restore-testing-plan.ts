/** CreateRestoreTestingPlan. */
import { testPlanCreate } from '../../../app/backup/test-plans.ts'
import { testPlanArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { START_HOURS_DEFAULT, testPointsOf, ZONE_DEFAULT } from '../present-test.ts'

export default operation<'backup', 'CreateRestoreTestingPlan'>({
  handle: async (ctx, input) => {
    const given = input.RestoreTestingPlan!
    const body = {
      schedule: given.ScheduleExpression!,
      timezone: given.ScheduleExpressionTimezone ?? ZONE_DEFAULT,
      startWindowHours: given.StartWindowHours || START_HOURS_DEFAULT,
      points: testPointsOf(given.RecoveryPointSelection!),
    }
    const plan = await testPlanCreate(ctx, given.RestoreTestingPlanName!, body, {
      tags: input.Tags ?? {},
      creatorRequestId: input.CreatorRequestId ?? null,
    })
    return {
      CreationTime: new Date(plan.createdAt),
      RestoreTestingPlanArn: testPlanArn(plan),
      RestoreTestingPlanName: plan.name,
    }
  },
})
