/** EnableMFADevice: two codes that follow each other prove it. */
import { mfaEnable } from '../../../app/iam/mfa.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'EnableMFADevice'>({
  handle: async (ctx, input) => {
    const codes: [string, string] = [input.AuthenticationCode1!, input.AuthenticationCode2!]
    await mfaEnable(ctx, input.UserName!, input.SerialNumber!, codes)
    return {}
  },
})
