/** DeleteBackupVaultNotifications. */
import { vaultChange } from '../../../app/backup/vaults.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'DeleteBackupVaultNotifications'>({
  handle: async (ctx, input) => {
    await vaultChange(ctx, input.BackupVaultName!, (vault) => ({ ...vault, notifications: null }))
    return {}
  },
})
