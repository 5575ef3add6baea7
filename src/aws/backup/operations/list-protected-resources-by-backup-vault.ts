/** ListProtectedResourcesByBackupVault. */
import { pointsOfVault } from '../../../app/backup/points.ts'
import { operation } from '../../operation.ts'
import { unsupported } from '../present-plan.ts'
import { PAGE_SIZE } from '../present-vault.ts'
import { newestByResource, presentProtected } from '../protected.ts'

export default operation<'backup', 'ListProtectedResourcesByBackupVault'>({
  handle: async (ctx, input, call) => {
    const owner = input.BackupVaultAccountId
    if (owner && owner !== ctx.account) throw unsupported('BackupVaultAccountId of another account')
    const points = newestByResource(await pointsOfVault(ctx, input.BackupVaultName!))
    const page = call.page(points, { key: (point) => point.resourceArn, defaultSize: PAGE_SIZE })
    return { Results: page.items.map(presentProtected), NextToken: page.nextToken }
  },
})
