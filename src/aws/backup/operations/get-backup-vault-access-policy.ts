/** GetBackupVaultAccessPolicy. */
import { resourceNotFound } from '../../../app/backup/faults.ts'
import { vaultGet } from '../../../app/backup/vaults.ts'
import { vaultArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'GetBackupVaultAccessPolicy'>({
  handle: async (ctx, input) => {
    const vault = await vaultGet(ctx, input.BackupVaultName!)
    if (vault.policy === null) {
      throw resourceNotFound(`Backup vault ${vault.name} has no associated policy`)
    }
    return {
      BackupVaultName: vault.name,
      BackupVaultArn: vaultArn(vault),
      Policy: vault.policy,
    }
  },
})
