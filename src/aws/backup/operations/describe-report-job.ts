/** DescribeReportJob. */
import { reportJobGet } from '../../../app/backup/report-plans.ts'
import { operation } from '../../operation.ts'
import { presentReportJob } from '../present-audit.ts'

export default operation<'backup', 'DescribeReportJob'>({
  handle: async (ctx, input) => ({
    ReportJob: presentReportJob(await reportJobGet(ctx, input.ReportJobId!)),
  }),
})
