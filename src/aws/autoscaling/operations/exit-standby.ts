/** ExitStandby. */
import { standbyExit } from '../../../app/autoscaling/members.ts'
import { activityPresent } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'ExitStandby'>({
  handle: async (ctx, input) => {
    const { AutoScalingGroupName: name, InstanceIds: ids = [] } = input
    const activities = await standbyExit(ctx, name!, ids)
    return { Activities: activities.map((one) => activityPresent(one)) }
  },
})
