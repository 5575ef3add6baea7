/** DescribeBackupJob. */
import { backupJobGet } from '../../../app/backup/jobs.ts'
import { operation } from '../../operation.ts'
import { presentBackupJob } from '../present-job.ts'

export default operation<'backup', 'DescribeBackupJob'>({
  handle: async (ctx, input) => {
    const job = await backupJobGet(ctx, input.BackupJobId!)
    return presentBackupJob(job, await ctx.app.store.get('backupVault', job.vaultId))
  },
})
