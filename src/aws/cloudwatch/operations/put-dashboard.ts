/** PutDashboard: makes one or replaces its body and says what is odd about it. Dashboards have no tags here. */
import { dashboardPut } from '../../../app/metrics/dashboards.ts'
import { FaultError } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'cloudwatch', 'PutDashboard'>({
  handle: async (ctx, input) => {
    if (input.Tags?.length)
      throw new FaultError({ type: 'Unsupported', feature: 'tags of dashboards' })
    const warnings = await dashboardPut(ctx, input.DashboardName!, input.DashboardBody!)
    return {
      DashboardValidationMessages: warnings.map(({ path, message }) => ({
        DataPath: path,
        Message: message,
      })),
    }
  },
})
