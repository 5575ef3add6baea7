/** BatchPutScheduledUpdateGroupAction: each for itself. */
import { schedulesPut } from '../../../app/autoscaling/schedules.ts'
import { failureOf, scheduleOf } from '../schedule-input.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'BatchPutScheduledUpdateGroupAction'>({
  handle: async (ctx, input) => {
    const requests = input.ScheduledUpdateGroupActions!.map(scheduleOf)
    const failed = await schedulesPut(ctx, input.AutoScalingGroupName!, requests, failureOf)
    return {
      FailedScheduledUpdateGroupActions: failed.map(({ name, code, message }) => ({
        ScheduledActionName: name,
        ErrorCode: code,
        ErrorMessage: message,
      })),
    }
  },
})
