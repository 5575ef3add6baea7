/** UntagResource. */
import { tagsChange } from '../../../app/gateway/machines.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'UntagResource'>({
  handle: async (ctx, input) => {
    await tagsChange(ctx, input.ResourceARN!, {}, input.TagKeys!)
    return { ResourceARN: input.ResourceARN }
  },
})
