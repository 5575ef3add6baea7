/** GetDashboard. */
import { dashboardGet } from '../../../app/metrics/dashboards.ts'
import { dashboardArn } from '../../../domain/metrics/dashboard.ts'
import { operation } from '../../operation.ts'

export default operation<'cloudwatch', 'GetDashboard'>({
  handle: async (ctx, input) => {
    const { account, name, body } = await dashboardGet(ctx, input.DashboardName!)
    return { DashboardArn: dashboardArn(account, name), DashboardBody: body, DashboardName: name }
  },
})
