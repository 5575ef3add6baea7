/** UntagInstanceProfile. */
import { entityChange, tagsWithout } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UntagInstanceProfile'>({
  handle: async (ctx, input) => {
    await entityChange(ctx, 'iamInstanceProfile', input.InstanceProfileName!, (one) => ({
      ...one,
      tags: tagsWithout(one.tags, input.TagKeys ?? []),
    }))
    return {}
  },
})
