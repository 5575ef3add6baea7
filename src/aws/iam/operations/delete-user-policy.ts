/** DeleteUserPolicy: an inline policy. */
import { policyRemove } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteUserPolicy'>({
  handle: async (ctx, input) => {
    await policyRemove(ctx, 'iamUser', input.UserName!, input.PolicyName!)
    return {}
  },
})
