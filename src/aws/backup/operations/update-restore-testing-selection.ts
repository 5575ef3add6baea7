/** UpdateRestoreTestingSelection: what is not said stays. */
import { testSelectionUpdate } from '../../../app/backup/test-plans.ts'
import { testPlanArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { testConditionsOf } from '../present-test.ts'

export default operation<'backup', 'UpdateRestoreTestingSelection'>({
  handle: async (ctx, input) => {
    const given = input.RestoreTestingSelection!
    const { RestoreTestingPlanName: planName, RestoreTestingSelectionName: name } = input
    const changed = await testSelectionUpdate(ctx, planName!, name!, (before) => {
      const conditions = given.ProtectedResourceConditions
      return {
        resourceArns: given.ProtectedResourceArns ?? before.resourceArns,
        conditions: conditions ? testConditionsOf(conditions) : before.conditions,
        roleArn: given.IamRoleArn ?? before.roleArn,
        overrides: given.RestoreMetadataOverrides ?? before.overrides,
        validationHours: given.ValidationWindowHours ?? before.validationHours,
      }
    })
    return {
      CreationTime: new Date(changed.selection.createdAt),
      RestoreTestingPlanArn: testPlanArn(changed.plan),
      RestoreTestingPlanName: changed.plan.name,
      RestoreTestingSelectionName: changed.selection.name,
      UpdateTime: new Date(changed.updatedAt),
    }
  },
})
