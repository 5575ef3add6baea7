/** DetachUserPolicy. */
import { policyDetach } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DetachUserPolicy'>({
  handle: async (ctx, input) => {
    await policyDetach(ctx, 'iamUser', input.UserName!, input.PolicyArn!)
    return {}
  },
})
