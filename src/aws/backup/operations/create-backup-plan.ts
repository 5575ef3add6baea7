/** CreateBackupPlan. */
import { planCreate } from '../../../app/backup/plans.ts'
import { planArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { planBodyOf, presentAdvanced } from '../present-plan.ts'

export default operation<'backup', 'CreateBackupPlan'>({
  handle: async (ctx, input) => {
    const plan = await planCreate(ctx, planBodyOf(input.BackupPlan!), {
      tags: input.BackupPlanTags ?? {},
      creatorRequestId: input.CreatorRequestId ?? null,
    })
    return {
      BackupPlanId: plan.id,
      BackupPlanArn: planArn(plan),
      CreationDate: new Date(plan.createdAt),
      VersionId: plan.versionId,
      ...presentAdvanced(plan.body.advanced),
    }
  },
})
