/** PutRolePermissionsBoundary. */
import { boundaryPut } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'PutRolePermissionsBoundary'>({
  handle: async (ctx, input) => {
    await boundaryPut(ctx, 'iamRole', input.RoleName!, input.PermissionsBoundary!)
    return {}
  },
})
