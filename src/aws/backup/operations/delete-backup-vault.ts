/** DeleteBackupVault: an empty one. */
import { vaultDelete } from '../../../app/backup/vaults.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'DeleteBackupVault'>({
  handle: async (ctx, input) => {
    await vaultDelete(ctx, input.BackupVaultName!)
    return {}
  },
})
