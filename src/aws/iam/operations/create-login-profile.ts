/** CreateLoginProfile. */
import { invalidInput } from '../../../app/iam/faults.ts'
import { loginCreate, loginGet } from '../../../app/iam/logins.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'CreateLoginProfile'>({
  handle: async (ctx, input) => {
    if (input.Password === undefined) throw invalidInput('A password is needed.')
    const before = await userOrSelf(ctx, input.UserName)
    const user = await loginCreate(
      ctx,
      before,
      input.Password,
      input.PasswordResetRequired ?? false,
    )
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
