/** ListTagsForResource. */
import { tagsList } from '../../../app/gateway/machines.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'ListTagsForResource'>({
  handle: async (ctx, input) => {
    const tags = await tagsList(ctx, input.ResourceArn!)
    return {
      ResourceArn: input.ResourceArn,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    }
  },
})
