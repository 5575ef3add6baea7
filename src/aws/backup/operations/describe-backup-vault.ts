/** DescribeBackupVault. */
import { pointsCount, vaultGet } from '../../../app/backup/vaults.ts'
import { operation } from '../../operation.ts'
import { presentVault } from '../present-vault.ts'

export default operation<'backup', 'DescribeBackupVault'>({
  handle: async (ctx, input) => {
    const vault = await vaultGet(ctx, input.BackupVaultName!)
    const points = await pointsCount(ctx.app.store, vault.id)
    return presentVault(vault, points, ctx.app.clock.now())
  },
})
