/** UpdateReportPlan: what is not given stays. */
import { reportPlanGet, reportPlanUpdate } from '../../../app/backup/report-plans.ts'
import { operation } from '../../operation.ts'
import { presentReportPlan, reportBodyOf } from '../present-audit.ts'

export default operation<'backup', 'UpdateReportPlan'>({
  handle: async (ctx, input) => {
    const before = presentReportPlan(await reportPlanGet(ctx, input.ReportPlanName!))
    const channel = input.ReportDeliveryChannel ?? before.ReportDeliveryChannel
    const setting = input.ReportSetting ?? before.ReportSetting
    const description = input.ReportPlanDescription ?? before.ReportPlanDescription
    const body = reportBodyOf(channel, setting, description)
    const plan = await reportPlanUpdate(ctx, input.ReportPlanName!, body)
    const { ReportPlanName, ReportPlanArn, CreationTime } = presentReportPlan(plan)
    return { ReportPlanName, ReportPlanArn, CreationTime }
  },
})
