/** ListRecoveryPointsByBackupVault: newest first. */
import { pointsOfVault } from '../../../app/backup/points.ts'
import { operation } from '../../operation.ts'
import { isWithin } from '../job-filters.ts'
import { presentPoint } from '../present-job.ts'
import { unsupported } from '../present-plan.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'
import { vaultsById } from '../vaults-by-id.ts'

export default operation<'backup', 'ListRecoveryPointsByBackupVault'>({
  handle: async (ctx, input, call) => {
    const owner = input.BackupVaultAccountId
    if (owner && owner !== ctx.account) throw unsupported('BackupVaultAccountId of another account')
    const vaults = await vaultsById(ctx)
    const all = await pointsOfVault(ctx, input.BackupVaultName!)
    const points = all.filter(
      (point) =>
        (!input.ByResourceArn || point.resourceArn === input.ByResourceArn) &&
        (!input.ByResourceType || point.resourceType === input.ByResourceType) &&
        (!input.ByBackupPlanId || point.createdBy?.planId === input.ByBackupPlanId) &&
        !input.ByParentRecoveryPointArn &&
        isWithin(point.createdAt, input.ByCreatedAfter, input.ByCreatedBefore),
    )
    const page = call.page(points, { key: newestFirst, defaultSize: PAGE_SIZE })
    return {
      RecoveryPoints: page.items.map((point) => presentPoint(point, vaults.get(point.vaultId))),
      NextToken: page.nextToken,
    }
  },
})
