/** CreateReportPlan: a report a day from now on. */
import { reportPlanCreate } from '../../../app/backup/report-plans.ts'
import { operation } from '../../operation.ts'
import { presentReportPlan, reportBodyOf } from '../present-audit.ts'

export default operation<'backup', 'CreateReportPlan'>({
  handle: async (ctx, input) => {
    const { ReportDeliveryChannel: channel, ReportSetting: setting } = input
    const body = reportBodyOf(channel!, setting!, input.ReportPlanDescription)
    const plan = await reportPlanCreate(ctx, input.ReportPlanName!, body, {
      tags: input.ReportPlanTags ?? {},
      idempotencyToken: input.IdempotencyToken ?? null,
    })
    const { ReportPlanName, ReportPlanArn, CreationTime } = presentReportPlan(plan)
    return { ReportPlanName, ReportPlanArn, CreationTime }
  },
})
