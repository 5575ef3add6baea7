/** AddTagsToResource, of a parameter. */
import { parameterTag } from '../../../app/parameter-store.ts'
import { operation } from '../../operation.ts'
import { taggedName, tagsOf } from '../parameter.ts'

export default operation<'ssm', 'AddTagsToResource'>({
  handle: async (ctx, input) => {
    const name = taggedName(input.ResourceType, input.ResourceId)
    await parameterTag(ctx, name, (tags) => ({ ...tags, ...tagsOf(input.Tags) }))
    return {}
  },
})
