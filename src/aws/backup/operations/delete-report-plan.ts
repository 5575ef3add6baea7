/** DeleteReportPlan. */
import { reportPlanDelete } from '../../../app/backup/report-plans.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'DeleteReportPlan'>({
  handle: async (ctx, input) => {
    await reportPlanDelete(ctx, input.ReportPlanName!)
    return {}
  },
})
