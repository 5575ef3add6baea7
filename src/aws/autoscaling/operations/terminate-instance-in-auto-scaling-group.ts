/** TerminateInstanceInAutoScalingGroup: replaced, unless the desired capacity shrinks with it. */
import { memberTerminate } from '../../../app/autoscaling/members.ts'
import { activityPresent } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'TerminateInstanceInAutoScalingGroup'>({
  handle: async (ctx, input) => {
    const isDecrementing = input.ShouldDecrementDesiredCapacity!
    const activity = await memberTerminate(ctx, input.InstanceId!, { isDecrementing })
    return { Activity: activityPresent(activity) }
  },
})
