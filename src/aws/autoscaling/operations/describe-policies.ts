/** DescribePolicies, with the alarms that call them. */
import { policiesFind } from '../../../app/autoscaling/policies.ts'
import { policyPresent } from '../policy-input.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribePolicies'>({
  handle: async (ctx, input, call) => {
    const found = await policiesFind(ctx, {
      groupName: input.AutoScalingGroupName,
      names: input.PolicyNames ?? [],
      types: input.PolicyTypes ?? [],
    })
    const key = ({ policy }: (typeof found)[number]): string => policy.id
    const page = call.page(found, { key, defaultSize: 50 })
    return { ScalingPolicies: page.items.map(policyPresent), NextToken: page.nextToken }
  },
})
