/** PutScalingPolicy: simple, step and target tracking, which makes its alarms. */
import { policiesFind, policyPut } from '../../../app/autoscaling/policies.ts'
import { policyPresent, ruleOf } from '../policy-input.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'PutScalingPolicy'>({
  handle: async (ctx, input) => {
    const { AutoScalingGroupName: groupName, PolicyName: name } = input
    await policyPut(ctx, {
      groupName: groupName!,
      name: name!,
      rule: ruleOf(input),
      isEnabled: input.Enabled ?? true,
    })
    const [view] = await policiesFind(ctx, { groupName, names: [name!], types: [] })
    const { PolicyARN, Alarms } = policyPresent(view!)
    return { PolicyARN, Alarms }
  },
})
