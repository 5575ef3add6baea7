/** DeleteGroupPolicy: an inline policy. */
import { policyRemove } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteGroupPolicy'>({
  handle: async (ctx, input) => {
    await policyRemove(ctx, 'iamGroup', input.GroupName!, input.PolicyName!)
    return {}
  },
})
