/** ListRecoveryPointsByResource: of all vaults, newest first. */
import { pointsOfAccount } from '../../../app/backup/points.ts'
import { operation } from '../../operation.ts'
import { presentPoint } from '../present-job.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'
import { vaultsById } from '../vaults-by-id.ts'

export default operation<'backup', 'ListRecoveryPointsByResource'>({
  handle: async (ctx, input, call) => {
    const vaults = await vaultsById(ctx)
    const all = await pointsOfAccount(ctx)
    const points = all.filter((point) => point.resourceArn === input.ResourceArn)
    const page = call.page(points, { key: newestFirst, defaultSize: PAGE_SIZE })
    return {
      RecoveryPoints: page.items.map((point) => {
        const { BackupSizeInBytes, ...shown } = presentPoint(point, vaults.get(point.vaultId))
        return { ...shown, BackupSizeBytes: BackupSizeInBytes }
      }),
      NextToken: page.nextToken,
    }
  },
})
