/** SetDesiredCapacity. */
import { desiredCapacitySet } from '../../../app/autoscaling/groups.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'SetDesiredCapacity'>({
  handle: async (ctx, input) => {
    const { AutoScalingGroupName: name, DesiredCapacity: desired, HonorCooldown } = input
    await desiredCapacitySet(ctx, name!, desired!, HonorCooldown ?? false)
    return {}
  },
})
