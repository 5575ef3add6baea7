/** UntagResource. */
import { keyTag } from '../../../app/kms/keys.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'UntagResource'>({
  handle: async (ctx, input) => {
    await keyTag(ctx, input.KeyId!, {}, input.TagKeys!)
    return {}
  },
})
