/** TagMFADevice. */
import { tagsMerged, tagsOf } from '../../../app/iam/entities.ts'
import { byArnTags } from '../../../app/iam/tagged.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'TagMFADevice'>({
  handle: async (ctx, input) => {
    const added = tagsOf(input.Tags)
    await byArnTags(ctx, 'iamMfaDevice', input.SerialNumber!, (tags) => tagsMerged(tags, added))
    return {}
  },
})
