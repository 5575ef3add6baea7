/** UntagMFADevice. */
import { tagsWithout } from '../../../app/iam/entities.ts'
import { byArnTags } from '../../../app/iam/tagged.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UntagMFADevice'>({
  handle: async (ctx, input) => {
    const keys = input.TagKeys ?? []
    await byArnTags(ctx, 'iamMfaDevice', input.SerialNumber!, (tags) => tagsWithout(tags, keys))
    return {}
  },
})
