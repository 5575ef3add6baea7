/** AddTags. */
import { elbTagsChange, elbTagsCheck } from '../../../app/balancers/tags.ts'
import { operation } from '../../operation.ts'

export default operation<'elbv2', 'AddTags'>({
  handle: async (ctx, input) => {
    const added = elbTagsCheck(input.Tags ?? [])
    await elbTagsChange(ctx, input.ResourceArns!, (tags) => ({ ...tags, ...added }))
    return {}
  },
})
