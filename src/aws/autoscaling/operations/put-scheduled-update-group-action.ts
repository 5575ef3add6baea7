/** PutScheduledUpdateGroupAction: once, or again and again. */
import { schedulePut } from '../../../app/autoscaling/schedules.ts'
import { scheduleOf } from '../schedule-input.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'PutScheduledUpdateGroupAction'>({
  handle: async (ctx, input) => {
    await schedulePut(ctx, input.AutoScalingGroupName!, scheduleOf(input))
    return {}
  },
})
