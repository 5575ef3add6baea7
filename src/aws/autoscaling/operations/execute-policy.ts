/** ExecutePolicy. */
import { policyExecute } from '../../../app/autoscaling/policies.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'ExecutePolicy'>({
  handle: async (ctx, input) => {
    await policyExecute(ctx, {
      groupName: input.AutoScalingGroupName,
      name: input.PolicyName!,
      honorCooldown: input.HonorCooldown ?? false,
      value: input.MetricValue ?? null,
      threshold: input.BreachThreshold ?? null,
    })
    return {}
  },
})
