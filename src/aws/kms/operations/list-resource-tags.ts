/** ListResourceTags. */
import { keyFind } from '../../../app/kms/find.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'ListResourceTags'>({
  handle: async (ctx, input, call) => {
    const key = await keyFind(ctx, input.KeyId!)
    const tags = Object.entries(key.tags).map(([TagKey, TagValue]) => ({ TagKey, TagValue }))
    const { items, nextToken } = call.page(tags, { key: (one) => one.TagKey })
    return { Tags: items, NextMarker: nextToken, Truncated: nextToken !== undefined }
  },
})
