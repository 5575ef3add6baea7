/** DeleteLoginProfile. */
import { loginRemove } from '../../../app/iam/logins.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteLoginProfile'>({
  handle: async (ctx, input) => {
    await loginRemove(ctx, await userOrSelf(ctx, input.UserName))
    return {}
  },
})
