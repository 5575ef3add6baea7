/** UpdateAssumeRolePolicy. */
import { roleTrust } from '../../../app/iam/roles.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UpdateAssumeRolePolicy'>({
  handle: async (ctx, input) => {
    await roleTrust(ctx, input.RoleName!, input.PolicyDocument!)
    return {}
  },
})
