/** UpdateKeyDescription. */
import { keyDescribe } from '../../../app/kms/keys.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'UpdateKeyDescription'>({
  handle: async (ctx, input) => {
    await keyDescribe(ctx, input.KeyId!, input.Description!)
    return {}
  },
})
