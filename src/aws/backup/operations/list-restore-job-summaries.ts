/** ListRestoreJobSummaries. */
import { scopeOf } from '../../../app/network/scope.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE } from '../present-vault.ts'
import { summariesOf, summaryKey } from '../summaries.ts'

export default operation<'backup', 'ListRestoreJobSummaries'>({
  handle: async (ctx, input, call) => {
    const jobs = await ctx.app.store.list('backupRestoreJob', scopeOf(ctx))
    const found = summariesOf(ctx, jobs, input)
    const page = call.page(found, { key: summaryKey, defaultSize: PAGE_SIZE })
    return {
      RestoreJobSummaries: page.items as never,
      AggregationPeriod: input.AggregationPeriod ?? 'FOURTEEN_DAYS',
      NextToken: page.nextToken,
    }
  },
})
