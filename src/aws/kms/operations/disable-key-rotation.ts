/** DisableKeyRotation. */
import { keyRotationSet } from '../../../app/kms/keys.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'DisableKeyRotation'>({
  handle: async (ctx, input) => {
    await keyRotationSet(ctx, input.KeyId!, null)
    return {}
  },
})
