/** RemoveTagsFromResource, of a parameter. */
import { parameterTag } from '../../../app/parameter-store.ts'
import { operation } from '../../operation.ts'
import { taggedName } from '../parameter.ts'

export default operation<'ssm', 'RemoveTagsFromResource'>({
  handle: async (ctx, input) => {
    const name = taggedName(input.ResourceType, input.ResourceId)
    const keys = new Set(input.TagKeys)
    await parameterTag(ctx, name, (tags) =>
      Object.fromEntries(Object.entries(tags).filter(([key]) => !keys.has(key))),
    )
    return {}
  },
})
