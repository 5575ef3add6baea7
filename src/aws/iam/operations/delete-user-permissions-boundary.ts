/** DeleteUserPermissionsBoundary. */
import { boundaryPut } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteUserPermissionsBoundary'>({
  handle: async (ctx, input) => {
    await boundaryPut(ctx, 'iamUser', input.UserName!, null)
    return {}
  },
})
