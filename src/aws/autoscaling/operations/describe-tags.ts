/** DescribeTags of groups. */
import { groupTagsFind } from '../../../app/autoscaling/group-tags.ts'
import { tagPresent } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'autoscaling', 'DescribeTags'>({
  handle: async (ctx, input, call) => {
    const filters = (input.Filters ?? []).map(({ Name = '', Values = [] }) => ({
      name: Name,
      values: Values,
    }))
    const found = await groupTagsFind(ctx, filters)
    const key = (tag: (typeof found)[number]): string => `${tag.groupName} ${tag.key}`
    const page = call.page(found, { key, defaultSize: 50 })
    return {
      Tags: page.items.map((tag) => tagPresent(tag.groupName, tag)),
      NextToken: page.nextToken,
    }
  },
})
