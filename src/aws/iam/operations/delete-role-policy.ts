/** DeleteRolePolicy: an inline policy. */
import { policyRemove } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteRolePolicy'>({
  handle: async (ctx, input) => {
    await policyRemove(ctx, 'iamRole', input.RoleName!, input.PolicyName!)
    return {}
  },
})
