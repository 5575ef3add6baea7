/** DetachInstances: they go on without the group. */
import { membersDetach } from '../../../app/autoscaling/members.ts'
import { activityPresent } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DetachInstances'>({
  handle: async (ctx, input) => {
    const { AutoScalingGroupName: name, InstanceIds: ids = [] } = input
    const isDecrementing = input.ShouldDecrementDesiredCapacity!
    const activities = await membersDetach(ctx, name!, ids, { isDecrementing })
    return { Activities: activities.map((one) => activityPresent(one)) }
  },
})
