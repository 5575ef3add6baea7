/** CreateRestoreTestingSelection. */
import { testSelectionCreate } from '../../../app/backup/test-plans.ts'
import { testPlanArn } from '../../../domain/backup/arn.ts'
import type { BackedType } from '../../../domain/backup/records.ts'
import { operation } from '../../operation.ts'
import { testConditionsOf } from '../present-test.ts'

export default operation<'backup', 'CreateRestoreTestingSelection'>({
  handle: async (ctx, input) => {
    const given = input.RestoreTestingSelection!
    const { plan, selection } = await testSelectionCreate(ctx, input.RestoreTestingPlanName!, {
      name: given.RestoreTestingSelectionName!,
      resourceType: given.ProtectedResourceType as BackedType,
      resourceArns: given.ProtectedResourceArns ?? [],
      conditions: testConditionsOf(given.ProtectedResourceConditions),
      roleArn: given.IamRoleArn!,
      overrides: given.RestoreMetadataOverrides ?? {},
      validationHours: given.ValidationWindowHours ?? 0,
      creatorRequestId: input.CreatorRequestId ?? null,
    })
    return {
      CreationTime: new Date(selection.createdAt),
      RestoreTestingPlanArn: testPlanArn(plan),
      RestoreTestingPlanName: plan.name,
      RestoreTestingSelectionName: selection.name,
    }
  },
})
