/** DeletePolicy, with the alarms that it made. */
import { policyDelete } from '../../../app/autoscaling/policies.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DeletePolicy'>({
  handle: async (ctx, input) => {
    await policyDelete(ctx, input.AutoScalingGroupName, input.PolicyName!)
    return {}
  },
})
