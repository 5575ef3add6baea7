/** UntagResource. */
import { tagsWithout } from '../../../app/iam/entities.ts'
import { tagsChange } from '../../../app/organisation/tags.ts'
import { operation } from '../../operation.ts'

export default operation<'organizations', 'UntagResource'>({
  handle: async (ctx, input) => {
    await tagsChange(ctx, input.ResourceId!, (before) => tagsWithout(before, input.TagKeys!))
    return {}
  },
})
