/** TagResource: accounts, units, the root, policies. */
import { tagsMerged } from '../../../app/iam/entities.ts'
import { tagsChange } from '../../../app/organisation/tags.ts'
import { operation } from '../../operation.ts'
import { tagsOfInput } from '../present.ts'

export default operation<'organizations', 'TagResource'>({
  handle: async (ctx, input) => {
    const added = tagsOfInput(input.Tags)
    await tagsChange(ctx, input.ResourceId!, (before) => tagsMerged(before, added))
    return {}
  },
})
