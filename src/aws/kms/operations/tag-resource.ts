/** TagResource. */
import { keyTag } from '../../../app/kms/keys.ts'
import { tagsOf } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'TagResource'>({
  handle: async (ctx, input) => {
    await keyTag(ctx, input.KeyId!, tagsOf(input.Tags), [])
    return {}
  },
})
