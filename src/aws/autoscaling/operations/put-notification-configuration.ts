/** PutNotificationConfiguration: to the log and the webhook of the cloud, for there is no SNS. */
import { notificationPut } from '../../../app/autoscaling/group-parts.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'PutNotificationConfiguration'>({
  handle: async (ctx, input) => {
    const { AutoScalingGroupName: name, TopicARN, NotificationTypes } = input
    await notificationPut(ctx, name!, TopicARN!, NotificationTypes!)
    return {}
  },
})
