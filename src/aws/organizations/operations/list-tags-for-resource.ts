/** ListTagsForResource. */
import { tagsOfResource } from '../../../app/organisation/tags.ts'
import { operation } from '../../operation.ts'
import { presentTags } from '../present.ts'

export default operation<'organizations', 'ListTagsForResource'>({
  handle: async (ctx, input) => ({
    Tags: presentTags(await tagsOfResource(ctx, input.ResourceId!)),
  }),
})
