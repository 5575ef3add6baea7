/** StopBackupJob. */
import { backupStop } from '../../../app/backup/jobs.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'StopBackupJob'>({
  handle: async (ctx, input) => {
    await backupStop(ctx, input.BackupJobId!)
    return {}
  },
})
