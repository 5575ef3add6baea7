/** EnterStandby: instances that stand aside for a while. */
import { standbyEnter } from '../../../app/autoscaling/members.ts'
import { activityPresent } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'EnterStandby'>({
  handle: async (ctx, input) => {
    const { AutoScalingGroupName: name, InstanceIds: ids = [] } = input
    const isDecrementing = input.ShouldDecrementDesiredCapacity!
    const activities = await standbyEnter(ctx, name!, ids, { isDecrementing })
    return { Activities: activities.map((one) => activityPresent(one)) }
  },
})
