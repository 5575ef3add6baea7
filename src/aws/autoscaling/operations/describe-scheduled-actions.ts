/** DescribeScheduledActions. */
import { schedulesFind } from '../../../app/autoscaling/schedules.ts'
import { schedulePresent } from '../schedule-input.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeScheduledActions'>({
  handle: async (ctx, input, call) => {
    const found = await schedulesFind(ctx, {
      groupName: input.AutoScalingGroupName,
      names: input.ScheduledActionNames ?? [],
      from: input.StartTime?.getTime(),
      to: input.EndTime?.getTime(),
    })
    const page = call.page(found, { key: ({ id }) => id, defaultSize: 50 })
    return {
      ScheduledUpdateGroupActions: page.items.map(schedulePresent),
      NextToken: page.nextToken,
    }
  },
})
