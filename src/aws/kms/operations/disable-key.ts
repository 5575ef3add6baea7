/** DisableKey. */
import { keyEnable } from '../../../app/kms/keys.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'DisableKey'>({
  handle: async (ctx, input) => {
    await keyEnable(ctx, input.KeyId!, false)
    return {}
  },
})
