/** UntagRole. */
import { entityChange, tagsWithout } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UntagRole'>({
  handle: async (ctx, input) => {
    await entityChange(ctx, 'iamRole', input.RoleName!, (one) => ({
      ...one,
      tags: tagsWithout(one.tags, input.TagKeys ?? []),
    }))
    return {}
  },
})
