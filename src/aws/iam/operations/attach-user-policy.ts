/** AttachUserPolicy. */
import { policyAttach } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'AttachUserPolicy'>({
  handle: async (ctx, input) => {
    await policyAttach(ctx, 'iamUser', input.UserName!, input.PolicyArn!)
    return {}
  },
})
