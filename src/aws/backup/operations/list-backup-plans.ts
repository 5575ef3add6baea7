/** ListBackupPlans: those deleted too when asked for. */
import { scopeOf } from '../../../app/network/scope.ts'
import { planArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { presentAdvanced } from '../present-plan.ts'
import { dateOf, newestFirst, PAGE_SIZE } from '../present-vault.ts'

export default operation<'backup', 'ListBackupPlans'>({
  handle: async (ctx, input, call) => {
    const all = await ctx.app.store.list('backupPlan', scopeOf(ctx))
    const plans = all.filter((plan) => input.IncludeDeleted || plan.deletedAt === null)
    const page = call.page(plans, { key: newestFirst, defaultSize: PAGE_SIZE })
    return {
      BackupPlansList: page.items.map((plan) => ({
        BackupPlanArn: planArn(plan),
        BackupPlanId: plan.id,
        BackupPlanName: plan.body.name,
        CreationDate: new Date(plan.createdAt),
        DeletionDate: dateOf(plan.deletedAt),
        VersionId: plan.versionId,
        CreatorRequestId: plan.creatorRequestId ?? undefined,
        LastExecutionDate: dateOf(plan.lastRunAt),
        ...presentAdvanced(plan.body.advanced),
      })),
      NextToken: page.nextToken,
    }
  },
})
