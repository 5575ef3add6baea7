/** DeactivateMFADevice. */
import { mfaDisable } from '../../../app/iam/mfa.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeactivateMFADevice'>({
  handle: async (ctx, input) => {
    const user = await userOrSelf(ctx, input.UserName)
    await mfaDisable(ctx, user.name, input.SerialNumber!)
    return {}
  },
})
