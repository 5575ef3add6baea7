/** DisableMetricsCollection. */
import { metricsDisable } from '../../../app/autoscaling/group-parts.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DisableMetricsCollection'>({
  handle: async (ctx, input) => {
    await metricsDisable(ctx, input.AutoScalingGroupName!, input.Metrics ?? [])
    return {}
  },
})
