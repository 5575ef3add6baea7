/** CreateAutoScalingGroup: answers when the group is recorded; its instances follow. */
import { groupCreate } from '../../../app/autoscaling/groups.ts'
import { groupNameChecked } from '../names.ts'
import { trafficSourcesOf } from '../traffic.ts'
import { configurationOf, configurationWhole, groupTagsOf, hookOf } from '../group-input.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'CreateAutoScalingGroup'>({
  handle: async (ctx, input) => {
    await groupCreate(ctx, {
      name: groupNameChecked(input.AutoScalingGroupName!),
      configuration: configurationWhole(ctx, await configurationOf(ctx, input)),
      tags: groupTagsOf(input.Tags),
      hooks: (input.LifecycleHookSpecificationList ?? []).map(hookOf),
      targetGroupArns: [
        ...(input.TargetGroupARNs ?? []),
        ...trafficSourcesOf(input.TrafficSources),
      ],
    })
    return {}
  },
})
