/** ListTagsForResource, of a parameter. */
import { resourceMissing, storedGet } from '../../../app/parameter-store.ts'
import { operation } from '../../operation.ts'
import { presentTags, taggedName } from '../parameter.ts'

export default operation<'ssm', 'ListTagsForResource'>({
  handle: async (ctx, input) => {
    const name = taggedName(input.ResourceType, input.ResourceId)
    const found = await storedGet(ctx, name)
    if (!found) throw resourceMissing(name)
    return { TagList: presentTags(found.tags) }
  },
})
