/** TagRole. */
import { entityChange, tagsMerged, tagsOf } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'TagRole'>({
  handle: async (ctx, input) => {
    const added = tagsOf(input.Tags)
    await entityChange(ctx, 'iamRole', input.RoleName!, (one) => ({
      ...one,
      tags: tagsMerged(one.tags, added),
    }))
    return {}
  },
})
