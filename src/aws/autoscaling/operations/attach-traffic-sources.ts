/** AttachTrafficSources. */
import { targetGroupsAttach } from '../../../app/autoscaling/group-parts.ts'
import { trafficSourcesOf } from '../traffic.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'AttachTrafficSources'>({
  handle: async (ctx, input) => {
    await targetGroupsAttach(
      ctx,
      input.AutoScalingGroupName!,
      trafficSourcesOf(input.TrafficSources),
    )
    return {}
  },
})
