/** GetPolicy. */
import { policyGet, policyUses } from '../../../app/iam/managed-policies.ts'
import { operation } from '../../operation.ts'
import { presentPolicy } from '../present.ts'

export default operation<'iam', 'GetPolicy'>({
  handle: async (ctx, input) => ({
    Policy: presentPolicy(await policyGet(ctx, input.PolicyArn!), await policyUses(ctx)),
  }),
})
