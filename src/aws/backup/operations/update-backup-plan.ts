/** UpdateBackupPlan: a new version. */
import { planUpdate } from '../../../app/backup/plans.ts'
import { planArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { planBodyOf, presentAdvanced } from '../present-plan.ts'

export default operation<'backup', 'UpdateBackupPlan'>({
  handle: async (ctx, input) => {
    const plan = await planUpdate(ctx, input.BackupPlanId!, planBodyOf(input.BackupPlan!))
    return {
      BackupPlanId: plan.id,
      BackupPlanArn: planArn(plan),
      CreationDate: new Date(plan.updatedAt),
      VersionId: plan.versionId,
      ...presentAdvanced(plan.body.advanced),
    }
  },
})
