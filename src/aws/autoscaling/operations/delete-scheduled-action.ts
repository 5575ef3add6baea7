/** DeleteScheduledAction. */
import { schedulesDelete } from '../../../app/autoscaling/schedules.ts'
import { invalid } from '../../../app/autoscaling/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DeleteScheduledAction'>({
  handle: async (ctx, input) => {
    const { AutoScalingGroupName: group, ScheduledActionName: name } = input
    const missing = await schedulesDelete(ctx, group!, [name!])
    if (missing.length > 0) throw invalid(`Scheduled action name not found: ${name}`)
    return {}
  },
})
