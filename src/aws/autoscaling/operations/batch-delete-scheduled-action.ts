/** BatchDeleteScheduledAction: those that there are. */
import { schedulesDelete } from '../../../app/autoscaling/schedules.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'BatchDeleteScheduledAction'>({
  handle: async (ctx, input) => {
    const { AutoScalingGroupName: group, ScheduledActionNames: names } = input
    const missing = await schedulesDelete(ctx, group!, names!)
    return {
      FailedScheduledActions: missing.map((name) => ({
        ScheduledActionName: name,
        ErrorCode: 'ValidationError',
        ErrorMessage: `Scheduled action name not found: ${name}`,
      })),
    }
  },
})
