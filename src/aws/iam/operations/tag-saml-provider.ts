/** TagSAMLProvider. */
import { tagsMerged, tagsOf } from '../../../app/iam/entities.ts'
import { byArnTags } from '../../../app/iam/tagged.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'TagSAMLProvider'>({
  handle: async (ctx, input) => {
    const added = tagsOf(input.Tags)
    await byArnTags(ctx, 'iamProvider', input.SAMLProviderArn!, (tags) => tagsMerged(tags, added))
    return {}
  },
})
