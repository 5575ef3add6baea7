/** DeleteAccountPasswordPolicy. */
import { passwordPolicyRemove } from '../../../app/iam/account.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteAccountPasswordPolicy'>({
  handle: async (ctx) => {
    await passwordPolicyRemove(ctx)
    return {}
  },
})
