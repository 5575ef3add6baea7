/** StartBackupJob: one backup now. */
import { backupStart } from '../../../app/backup/jobs.ts'
import { pointArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import {
  COMPLETION_MINUTES_DEFAULT,
  lifecycleOf,
  START_MINUTES_DEFAULT,
  unsupported,
} from '../present-plan.ts'

export default operation<'backup', 'StartBackupJob'>({
  handle: async (ctx, input) => {
    if (input.Index === 'ENABLED') throw unsupported('Index')
    if (input.LogicallyAirGappedBackupVaultArn) {
      throw unsupported('LogicallyAirGappedBackupVaultArn')
    }
    const job = await backupStart(ctx, {
      vaultName: input.BackupVaultName!,
      resourceArn: input.ResourceArn!,
      roleArn: input.IamRoleArn!,
      idempotencyToken: input.IdempotencyToken ?? null,
      startWindowMinutes: input.StartWindowMinutes ?? START_MINUTES_DEFAULT,
      completionWindowMinutes: input.CompleteWindowMinutes ?? COMPLETION_MINUTES_DEFAULT,
      lifecycle: lifecycleOf(input.Lifecycle),
      pointTags: input.RecoveryPointTags ?? {},
      options: input.BackupOptions ?? {},
    })
    return {
      BackupJobId: job.id,
      RecoveryPointArn: pointArn({ ...job, id: job.pointId }),
      CreationDate: new Date(job.createdAt),
      IsParent: false,
    }
  },
})
