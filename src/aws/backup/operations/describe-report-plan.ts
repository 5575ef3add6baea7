/** DescribeReportPlan. */
import { reportPlanGet } from '../../../app/backup/report-plans.ts'
import { operation } from '../../operation.ts'
import { presentReportPlan } from '../present-audit.ts'

export default operation<'backup', 'DescribeReportPlan'>({
  handle: async (ctx, input) => ({
    ReportPlan: presentReportPlan(await reportPlanGet(ctx, input.ReportPlanName!)),
  }),
})
