/** PutRolePolicy. */
import { policyPut } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'PutRolePolicy'>({
  handle: async (ctx, input) => {
    await policyPut(ctx, 'iamRole', input.RoleName!, {
      name: input.PolicyName!,
      document: input.PolicyDocument!,
    })
    return {}
  },
})
