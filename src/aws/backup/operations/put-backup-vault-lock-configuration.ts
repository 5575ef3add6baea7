/** PutBackupVaultLockConfiguration: governance, or compliance after a time to change one's mind. */
import { vaultLock } from '../../../app/backup/vaults.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'PutBackupVaultLockConfiguration'>({
  handle: async (ctx, input) => {
    await vaultLock(ctx, input.BackupVaultName!, {
      minRetentionDays: input.MinRetentionDays ?? null,
      maxRetentionDays: input.MaxRetentionDays ?? null,
      changeableForDays: input.ChangeableForDays ?? null,
    })
    return {}
  },
})
