/** DetachTrafficSources. */
import { targetGroupsDetach } from '../../../app/autoscaling/group-parts.ts'
import { trafficSourcesOf } from '../traffic.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DetachTrafficSources'>({
  handle: async (ctx, input) => {
    await targetGroupsDetach(
      ctx,
      input.AutoScalingGroupName!,
      trafficSourcesOf(input.TrafficSources),
    )
    return {}
  },
})
