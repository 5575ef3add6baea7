/** ListRestoreJobsByProtectedResource: newest first. */
import { pointsOfAccount } from '../../../app/backup/points.ts'
import { scopeOf } from '../../../app/network/scope.ts'
import { operation } from '../../operation.ts'
import { isWithin } from '../job-filters.ts'
import { presentRestoreJob } from '../present-job.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'

export default operation<'backup', 'ListRestoreJobsByProtectedResource'>({
  handle: async (ctx, input, call) => {
    const points = new Map((await pointsOfAccount(ctx)).map((point) => [point.id, point]))
    const all = await ctx.app.store.list('backupRestoreJob', scopeOf(ctx))
    const after = input.ByRecoveryPointCreationDateAfter
    const before = input.ByRecoveryPointCreationDateBefore
    const jobs = all.filter((job) => {
      if (job.resourceArn !== input.ResourceArn) return false
      if (input.ByStatus && job.state !== input.ByStatus) return false
      if (!after && !before) return true
      const at = points.get(job.pointId)?.createdAt
      return at !== undefined && isWithin(at, after, before)
    })
    const page = call.page(jobs, { key: newestFirst, defaultSize: PAGE_SIZE })
    return {
      RestoreJobs: page.items.map((job) => presentRestoreJob(job, points.get(job.pointId))),
      NextToken: page.nextToken,
    }
  },
})
