/** DetachGroupPolicy. */
import { policyDetach } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DetachGroupPolicy'>({
  handle: async (ctx, input) => {
    await policyDetach(ctx, 'iamGroup', input.GroupName!, input.PolicyArn!)
    return {}
  },
})
