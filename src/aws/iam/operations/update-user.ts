/** UpdateUser: another name, another path. */
import { userRename } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UpdateUser'>({
  handle: async (ctx, input) => {
    await userRename(ctx, input.UserName!, input.NewUserName, input.NewPath)
    return {}
  },
})
