/** DeleteRolePermissionsBoundary. */
import { boundaryPut } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteRolePermissionsBoundary'>({
  handle: async (ctx, input) => {
    await boundaryPut(ctx, 'iamRole', input.RoleName!, null)
    return {}
  },
})
