/** ListReportJobs: newest first. */
import { scopeOf } from '../../../app/network/scope.ts'
import { operation } from '../../operation.ts'
import { presentReportJob } from '../present-audit.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'

export default operation<'backup', 'ListReportJobs'>({
  handle: async (ctx, input, call) => {
    const { ByReportPlanName: name, ByStatus: status } = input
    const { ByCreationBefore: before, ByCreationAfter: after } = input
    const jobs = (await ctx.app.store.list('backupReportJob', scopeOf(ctx))).filter(
      (job) =>
        (!name || job.planName === name) &&
        (!status || job.state === status) &&
        (!before || job.createdAt < before.getTime()) &&
        (!after || job.createdAt > after.getTime()),
    )
    const page = call.page(jobs, { key: newestFirst, defaultSize: PAGE_SIZE })
    return { ReportJobs: page.items.map(presentReportJob), NextToken: page.nextToken }
  },
})
