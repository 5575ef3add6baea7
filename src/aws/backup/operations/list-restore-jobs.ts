/** ListRestoreJobs: newest first. */
import { pointsOfAccount } from '../../../app/backup/points.ts'
import { scopeOf } from '../../../app/network/scope.ts'
import { operation } from '../../operation.ts'
import { jobMatches } from '../job-filters.ts'
import { presentRestoreJob } from '../present-job.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'

export default operation<'backup', 'ListRestoreJobs'>({
  handle: async (ctx, input, call) => {
    const points = new Map((await pointsOfAccount(ctx)).map((point) => [point.id, point]))
    const all = await ctx.app.store.list('backupRestoreJob', scopeOf(ctx))
    const { ByRestoreTestingPlanArn: plan } = input
    const jobs = all.filter(
      (job) => jobMatches(job, input) && (!plan || job.test?.planArn === plan),
    )
    const page = call.page(jobs, { key: newestFirst, defaultSize: PAGE_SIZE })
    return {
      RestoreJobs: page.items.map((job) => presentRestoreJob(job, points.get(job.pointId))),
      NextToken: page.nextToken,
    }
  },
})
