/** ResumeProcesses: of all processes when none is named. */
import { processesResume } from '../../../app/autoscaling/group-parts.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'ResumeProcesses'>({
  handle: async (ctx, input) => {
    await processesResume(ctx, input.AutoScalingGroupName!, input.ScalingProcesses ?? [])
    return {}
  },
})
