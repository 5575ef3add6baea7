/** DeleteNotificationConfiguration. */
import { notificationDelete } from '../../../app/autoscaling/group-parts.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DeleteNotificationConfiguration'>({
  handle: async (ctx, input) => {
    await notificationDelete(ctx, input.AutoScalingGroupName!, input.TopicARN!)
    return {}
  },
})
