/** ListReportPlans. */
import { scopeOf } from '../../../app/network/scope.ts'
import { operation } from '../../operation.ts'
import { presentReportPlan } from '../present-audit.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'

export default operation<'backup', 'ListReportPlans'>({
  handle: async (ctx, _input, call) => {
    const plans = await ctx.app.store.list('backupReportPlan', scopeOf(ctx))
    const page = call.page(plans, { key: newestFirst, defaultSize: PAGE_SIZE })
    return { ReportPlans: page.items.map(presentReportPlan), NextToken: page.nextToken }
  },
})
