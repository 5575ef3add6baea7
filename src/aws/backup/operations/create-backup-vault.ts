/** CreateBackupVault: the tag `brume:location` says where it is to be, if not in a folder of the host. */
import { vaultCreate } from '../../../app/backup/vaults.ts'
import { vaultArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'CreateBackupVault'>({
  handle: async (ctx, input) => {
    const vault = await vaultCreate(ctx, {
      name: input.BackupVaultName!,
      keyId: input.EncryptionKeyArn ?? null,
      tags: input.BackupVaultTags ?? {},
      creatorRequestId: input.CreatorRequestId ?? null,
    })
    return {
      BackupVaultName: vault.name,
      BackupVaultArn: vaultArn(vault),
      CreationDate: new Date(vault.createdAt),
    }
  },
})
