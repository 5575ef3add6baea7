/** DeleteBackupVaultLockConfiguration: not of one that is immutable by now. */
import { vaultUnlock } from '../../../app/backup/vaults.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'DeleteBackupVaultLockConfiguration'>({
  handle: async (ctx, input) => {
    await vaultUnlock(ctx, input.BackupVaultName!)
    return {}
  },
})
