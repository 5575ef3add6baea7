/** SetInstanceProtection from scale-in. */
import { membersProtect } from '../../../app/autoscaling/members.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'SetInstanceProtection'>({
  handle: async (ctx, input) => {
    const { AutoScalingGroupName: name, InstanceIds: ids, ProtectedFromScaleIn } = input
    await membersProtect(ctx, name!, ids!, ProtectedFromScaleIn!)
    return {}
  },
})
