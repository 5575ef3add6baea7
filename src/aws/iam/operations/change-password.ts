/** ChangePassword. */
import { passwordChange } from '../../../app/iam/logins.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'ChangePassword'>({
  handle: async (ctx, input) => {
    await passwordChange(ctx, input.OldPassword!, input.NewPassword!)
    return {}
  },
})
