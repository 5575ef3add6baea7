/** DeleteUser. */
import { userRemove } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteUser'>({
  handle: async (ctx, input) => {
    await userRemove(ctx, input.UserName!)
    return {}
  },
})
