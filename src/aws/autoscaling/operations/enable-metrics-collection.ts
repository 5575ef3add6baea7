/** EnableMetricsCollection: all group metrics when none is named. */
import { metricsEnable } from '../../../app/autoscaling/group-parts.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'EnableMetricsCollection'>({
  handle: async (ctx, input) => {
    await metricsEnable(ctx, input.AutoScalingGroupName!, input.Metrics ?? [], input.Granularity!)
    return {}
  },
})
