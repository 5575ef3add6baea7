/** DescribeTags: every tag of the account in the region. */
import { tagsList, type TagEntry } from '../../../app/tags.ts'
import { operation } from '../../operation.ts'
import { RESOURCE_TYPES } from '../resource-types.ts'

export default operation<'ec2', 'DescribeTags', TagEntry>({
  filters: {
    key: (tag) => tag.key,
    'resource-id': (tag) => tag.resourceId,
    'resource-type': (tag) => RESOURCE_TYPES[tag.kind],
    value: (tag) => tag.value,
  },
  tagsOf: (tag) => ({ [tag.key]: tag.value }),
  handle: async (ctx, _input, call) => {
    const found = call.filter(await tagsList(ctx))
    const page = call.page(found, { key: (tag) => `${tag.resourceId}\0${tag.key}` })
    return {
      Tags: page.items.map((tag) => ({
        Key: tag.key,
        ResourceId: tag.resourceId,
        ResourceType: RESOURCE_TYPES[tag.kind],
        Value: tag.value,
      })),
      NextToken: page.nextToken,
    }
  },
})
