/** StartCopyJob: to another vault, of whatever region and account. */
import { copyStart } from '../../../app/backup/copies.ts'
import { operation } from '../../operation.ts'
import { lifecycleOf } from '../present-plan.ts'

export default operation<'backup', 'StartCopyJob'>({
  handle: async (ctx, input) => {
    const job = await copyStart(ctx, {
      pointArn: input.RecoveryPointArn!,
      sourceVaultName: input.SourceBackupVaultName!,
      destinationVaultArn: input.DestinationBackupVaultArn!,
      roleArn: input.IamRoleArn!,
      idempotencyToken: input.IdempotencyToken ?? null,
      lifecycle: lifecycleOf(input.Lifecycle),
    })
    return { CopyJobId: job.id, CreationDate: new Date(job.createdAt), IsParent: false }
  },
})
