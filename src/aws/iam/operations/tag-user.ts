/** TagUser. */
import { entityChange, tagsMerged, tagsOf } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'TagUser'>({
  handle: async (ctx, input) => {
    const added = tagsOf(input.Tags)
    await entityChange(ctx, 'iamUser', input.UserName!, (one) => ({
      ...one,
      tags: tagsMerged(one.tags, added),
    }))
    return {}
  },
})
