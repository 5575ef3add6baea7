/** AttachRolePolicy. */
import { policyAttach } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'AttachRolePolicy'>({
  handle: async (ctx, input) => {
    await policyAttach(ctx, 'iamRole', input.RoleName!, input.PolicyArn!)
    return {}
  },
})
