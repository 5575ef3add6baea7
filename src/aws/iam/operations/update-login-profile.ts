/** UpdateLoginProfile. */
import { entityGet } from '../../../app/iam/entities.ts'
import { loginUpdate } from '../../../app/iam/logins.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UpdateLoginProfile'>({
  handle: async (ctx, input) => {
    const user = await entityGet(ctx, 'iamUser', input.UserName!)
    await loginUpdate(ctx, user, {
      password: input.Password,
      isResetRequired: input.PasswordResetRequired,
    })
    return {}
  },
})
