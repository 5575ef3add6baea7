/** DescribeScalingActivities: the newest first, those of deleted groups when they are asked for. */
import { activitiesFind } from '../../../app/autoscaling/history.ts'
import { activityPresent } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeScalingActivities'>({
  handle: async (ctx, input, call) => {
    const found = await activitiesFind(ctx, {
      groupName: input.AutoScalingGroupName,
      ids: input.ActivityIds ?? [],
      areDeletedIncluded: input.IncludeDeletedGroups ?? false,
    })
    // The newest first, by a key that rises.
    const key = ({ activity }: (typeof found)[number]): string =>
      `${String(1e15 - activity.startedAt).padStart(16, '0')} ${activity.id}`
    const page = call.page(found, { key, defaultSize: 100 })
    const Activities = page.items.map(({ activity, isDeleted }) => ({
      ...activityPresent(activity),
      ...(isDeleted && { AutoScalingGroupState: 'Deleted' }),
    }))
    return { Activities, NextToken: page.nextToken }
  },
})
