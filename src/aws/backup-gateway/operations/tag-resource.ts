/** TagResource. */
import { gatewayTags, tagsChange } from '../../../app/gateway/machines.ts'
import { operation } from '../../operation.ts'

export default operation<'backup-gateway', 'TagResource'>({
  handle: async (ctx, input) => {
    await tagsChange(ctx, input.ResourceARN!, gatewayTags(input.Tags), [])
    return { ResourceARN: input.ResourceARN }
  },
})
