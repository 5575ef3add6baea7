/** SuspendProcesses: of all processes when none is named. */
import { processesSuspend } from '../../../app/autoscaling/group-parts.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'SuspendProcesses'>({
  handle: async (ctx, input) => {
    await processesSuspend(ctx, input.AutoScalingGroupName!, input.ScalingProcesses ?? [])
    return {}
  },
})
