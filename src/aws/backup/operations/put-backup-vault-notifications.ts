/** PutBackupVaultNotifications: what is told to the log and the webhook (docs/backup.md). */
import { invalidParameter } from '../../../app/backup/faults.ts'
import { vaultChange } from '../../../app/backup/vaults.ts'
import { parseArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'PutBackupVaultNotifications'>({
  handle: async (ctx, input) => {
    const { SNSTopicArn: topicArn = '', BackupVaultEvents: events = [] } = input
    if (parseArn(topicArn)?.service !== 'sns')
      throw invalidParameter(`No ARN of a topic: ${topicArn}`)
    if (events.length === 0) throw invalidParameter('BackupVaultEvents names at least one event')
    const notifications = { topicArn, events: [...new Set(events)] }
    await vaultChange(ctx, input.BackupVaultName!, (vault) => ({ ...vault, notifications }))
    return {}
  },
})
