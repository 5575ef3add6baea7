/** GetLoginProfile. */
import { loginGet } from '../../../app/iam/logins.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'GetLoginProfile'>({
  handle: async (ctx, input) => {
    const user = await userOrSelf(ctx, input.UserName)
    const login = loginGet(user)
    return {
      LoginProfile: {
        UserName: user.name,
        CreateDate: new Date(login.createdAt),
        PasswordResetRequired: login.isResetRequired,
      },
    }
  },
})
