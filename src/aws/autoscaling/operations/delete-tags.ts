/** DeleteTags of groups. */
import { groupTagsDelete } from '../../../app/autoscaling/group-tags.ts'
import { taggedGroupOf } from '../group-input.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DeleteTags'>({
  handle: async (ctx, input) => {
    const requests = input.Tags!.map((tag) => ({
      key: tag.Key!,
      value: '',
      isPropagated: false,
      groupName: taggedGroupOf(tag),
    }))
    await groupTagsDelete(ctx, requests)
    return {}
  },
})
