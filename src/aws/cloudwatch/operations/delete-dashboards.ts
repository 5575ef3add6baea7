/** DeleteDashboards: all of them, or none when one is unknown. */
import { dashboardsRemove } from '../../../app/metrics/dashboards.ts'
import { operation } from '../../operation.ts'

export default operation<'cloudwatch', 'DeleteDashboards'>({
  handle: async (ctx, input) => {
    await dashboardsRemove(ctx, input.DashboardNames!)
    return {}
  },
})
