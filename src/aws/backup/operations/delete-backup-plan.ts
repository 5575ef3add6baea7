/** DeleteBackupPlan: one without selections; its versions can still be looked at. */
import { planDelete } from '../../../app/backup/plans.ts'
import { planArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { dateOf } from '../present-vault.ts'

export default operation<'backup', 'DeleteBackupPlan'>({
  handle: async (ctx, input) => {
    const plan = await planDelete(ctx, input.BackupPlanId!)
    return {
      BackupPlanId: plan.id,
      BackupPlanArn: planArn(plan),
      DeletionDate: dateOf(plan.deletedAt),
      VersionId: plan.versionId,
    }
  },
})
