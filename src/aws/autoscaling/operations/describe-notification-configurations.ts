/** DescribeNotificationConfigurations. */
import { groupsFind } from '../../../app/autoscaling/groups.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeNotificationConfigurations'>({
  handle: async (ctx, input, call) => {
    const groups = await groupsFind(ctx, input.AutoScalingGroupNames ?? [])
    const all = groups.flatMap(({ group }) =>
      group.notifications.flatMap(({ topicArn, types }) =>
        types.map((type) => ({
          AutoScalingGroupName: group.name,
          TopicARN: topicArn,
          NotificationType: type,
        })),
      ),
    )
    const key = (one: (typeof all)[number]): string => Object.values(one).join(' ')
    const page = call.page(all, { key, defaultSize: 50 })
    return { NotificationConfigurations: page.items, NextToken: page.nextToken }
  },
})
