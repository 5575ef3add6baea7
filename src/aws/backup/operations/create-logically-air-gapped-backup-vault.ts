/** CreateLogicallyAirGappedBackupVault: locked for good from the beginning, and filled by copies only. */
import { vaultCreate } from '../../../app/backup/vaults.ts'
import { vaultArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'CreateLogicallyAirGappedBackupVault'>({
  handle: async (ctx, input) => {
    const vault = await vaultCreate(ctx, {
      name: input.BackupVaultName!,
      keyId: input.EncryptionKeyArn ?? null,
      tags: input.BackupVaultTags ?? {},
      creatorRequestId: input.CreatorRequestId ?? null,
      airGap: {
        minRetentionDays: input.MinRetentionDays!,
        maxRetentionDays: input.MaxRetentionDays!,
      },
    })
    return {
      BackupVaultName: vault.name,
      BackupVaultArn: vaultArn(vault),
      CreationDate: new Date(vault.createdAt),
      VaultState: 'AVAILABLE',
    }
  },
})
