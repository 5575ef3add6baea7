/** AddUserToGroup. */
import { membershipAdd } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'AddUserToGroup'>({
  handle: async (ctx, input) => {
    await membershipAdd(ctx, input.GroupName!, input.UserName!)
    return {}
  },
})
