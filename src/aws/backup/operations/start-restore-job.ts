/** StartRestoreJob: a new instance or volume. */
import { restoreStart } from '../../../app/backup/restores.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'StartRestoreJob'>({
  handle: async (ctx, input) => {
    const job = await restoreStart(ctx, {
      pointArn: input.RecoveryPointArn!,
      metadata: input.Metadata ?? {},
      roleArn: input.IamRoleArn ?? null,
      idempotencyToken: input.IdempotencyToken ?? null,
      resourceType: input.ResourceType ?? null,
      areTagsCopied: input.CopySourceTagsToRestoredResource ?? false,
    })
    return { RestoreJobId: job.id }
  },
})
