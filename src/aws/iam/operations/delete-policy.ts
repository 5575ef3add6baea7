/** DeletePolicy. */
import { policyDelete } from '../../../app/iam/managed-policies.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeletePolicy'>({
  handle: async (ctx, input) => {
    await policyDelete(ctx, input.PolicyArn!)
    return {}
  },
})
