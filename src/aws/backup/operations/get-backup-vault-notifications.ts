/** GetBackupVaultNotifications. */
import { resourceNotFound } from '../../../app/backup/faults.ts'
import { vaultGet } from '../../../app/backup/vaults.ts'
import { vaultArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'GetBackupVaultNotifications'>({
  handle: async (ctx, input) => {
    const vault = await vaultGet(ctx, input.BackupVaultName!)
    const { notifications } = vault
    if (notifications === null) {
      throw resourceNotFound(`Backup vault ${vault.name} has no notification configuration`)
    }
    return {
      BackupVaultName: vault.name,
      BackupVaultArn: vaultArn(vault),
      SNSTopicArn: notifications.topicArn,
      BackupVaultEvents: [...notifications.events] as never,
    }
  },
})
