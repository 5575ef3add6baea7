/** StartReportJob. */
import { reportStart } from '../../../app/backup/report-plans.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'StartReportJob'>({
  handle: async (ctx, input) => {
    const job = await reportStart(ctx, input.ReportPlanName!, input.IdempotencyToken ?? null)
    return { ReportJobId: job.id }
  },
})
