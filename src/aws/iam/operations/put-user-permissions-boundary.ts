/** PutUserPermissionsBoundary. */
import { boundaryPut } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'PutUserPermissionsBoundary'>({
  handle: async (ctx, input) => {
    await boundaryPut(ctx, 'iamUser', input.UserName!, input.PermissionsBoundary!)
    return {}
  },
})
