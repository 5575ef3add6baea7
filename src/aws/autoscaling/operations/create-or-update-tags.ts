/** CreateOrUpdateTags of groups. */
import { groupTagsPut } from '../../../app/autoscaling/group-tags.ts'
import { groupTagsOf, taggedGroupOf } from '../group-input.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'CreateOrUpdateTags'>({
  handle: async (ctx, input) => {
    const requests = input.Tags!.map((tag) => ({
      ...groupTagsOf([tag])[0]!,
      groupName: taggedGroupOf(tag),
    }))
    await groupTagsPut(ctx, requests)
    return {}
  },
})
