/** TagInstanceProfile. */
import { entityChange, tagsMerged, tagsOf } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'TagInstanceProfile'>({
  handle: async (ctx, input) => {
    const added = tagsOf(input.Tags)
    await entityChange(ctx, 'iamInstanceProfile', input.InstanceProfileName!, (one) => ({
      ...one,
      tags: tagsMerged(one.tags, added),
    }))
    return {}
  },
})
