/** DeleteTags: by key, by key and value, or all; what is not there is no error. */
import { tagsCheck, tagsDelete } from '../../../app/tags.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DeleteTags'>({
  check: (ctx, input) => tagsCheck(ctx, input.Resources ?? [], {}),
  handle: async (ctx, input) => {
    const wanted = (input.Tags ?? []).map(({ Key: key, Value: value }) => ({ key, value }))
    await tagsDelete(ctx, input.Resources ?? [], wanted)
    return {}
  },
})
