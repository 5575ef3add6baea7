/** RemoveUserFromGroup. */
import { membershipRemove } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'RemoveUserFromGroup'>({
  handle: async (ctx, input) => {
    await membershipRemove(ctx, input.GroupName!, input.UserName!)
    return {}
  },
})
