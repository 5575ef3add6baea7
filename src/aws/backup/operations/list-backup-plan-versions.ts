/** ListBackupPlanVersions: newest first. */
import { planGet, planVersions } from '../../../app/backup/plans.ts'
import { planArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { presentAdvanced } from '../present-plan.ts'
import { dateOf, newestFirst, PAGE_SIZE } from '../present-vault.ts'

export default operation<'backup', 'ListBackupPlanVersions'>({
  handle: async (ctx, input, call) => {
    const plan = await planGet(ctx, input.BackupPlanId!)
    const versions = await planVersions(ctx, plan.id)
    const page = call.page(versions, { key: newestFirst, defaultSize: PAGE_SIZE })
    return {
      BackupPlanVersionsList: page.items.map(
        ({ versionId, body, createdAt, creatorRequestId }) => ({
          BackupPlanArn: planArn(plan),
          BackupPlanId: plan.id,
          BackupPlanName: body.name,
          CreationDate: new Date(createdAt),
          DeletionDate: dateOf(plan.deletedAt),
          VersionId: versionId,
          CreatorRequestId: creatorRequestId ?? undefined,
          ...presentAdvanced(body.advanced),
        }),
      ),
      NextToken: page.nextToken,
    }
  },
})
