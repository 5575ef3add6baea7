/** DeleteVirtualMFADevice: only one that nobody uses. */
import { mfaRemove } from '../../../app/iam/mfa.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteVirtualMFADevice'>({
  handle: async (ctx, input) => {
    await mfaRemove(ctx, input.SerialNumber!)
    return {}
  },
})
