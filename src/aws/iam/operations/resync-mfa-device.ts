/** ResyncMFADevice. */
import { mfaResync } from '../../../app/iam/mfa.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'ResyncMFADevice'>({
  handle: async (ctx, input) => {
    const codes: [string, string] = [input.AuthenticationCode1!, input.AuthenticationCode2!]
    await mfaResync(ctx, input.UserName!, input.SerialNumber!, codes)
    return {}
  },
})
