/** RemoveTags. */
import { elbTagsChange } from '../../../app/balancers/tags.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'RemoveTags'>({
  handle: async (ctx, input) => {
    const gone = new Set(input.TagKeys)
    await elbTagsChange(ctx, input.ResourceArns!, (tags) =>
      Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key))),
    )
    return {}
  },
})
