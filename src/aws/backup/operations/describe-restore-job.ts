/** DescribeRestoreJob. */
import { restoreGet } from '../../../app/backup/restores.ts'
import { operation } from '../../operation.ts'
import { presentRestoreJob } from '../present-job.ts'

export default operation<'backup', 'DescribeRestoreJob'>({
  handle: async (ctx, input) => {
    const job = await restoreGet(ctx, input.RestoreJobId!)
    return presentRestoreJob(job, await ctx.app.store.get('backupPoint', job.pointId))
  },
})
