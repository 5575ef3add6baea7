/** UntagSAMLProvider. */
import { tagsWithout } from '../../../app/iam/entities.ts'
import { byArnTags } from '../../../app/iam/tagged.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UntagSAMLProvider'>({
  handle: async (ctx, input) => {
    const keys = input.TagKeys ?? []
    await byArnTags(ctx, 'iamProvider', input.SAMLProviderArn!, (tags) => tagsWithout(tags, keys))
    return {}
  },
})
