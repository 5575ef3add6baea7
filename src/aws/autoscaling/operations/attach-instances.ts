/** AttachInstances: running ones, which the desired capacity grows by. */
import { membersAttach } from '../../../app/autoscaling/members.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'AttachInstances'>({
  handle: async (ctx, input) => {
    await membersAttach(ctx, input.AutoScalingGroupName!, input.InstanceIds ?? [])
    return {}
  },
})
