/** DetachRolePolicy. */
import { policyDetach } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DetachRolePolicy'>({
  handle: async (ctx, input) => {
    await policyDetach(ctx, 'iamRole', input.RoleName!, input.PolicyArn!)
    return {}
  },
})
