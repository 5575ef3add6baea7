/** UntagUser. */
import { entityChange, tagsWithout } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UntagUser'>({
  handle: async (ctx, input) => {
    await entityChange(ctx, 'iamUser', input.UserName!, (one) => ({
      ...one,
      tags: tagsWithout(one.tags, input.TagKeys ?? []),
    }))
    return {}
  },
})
