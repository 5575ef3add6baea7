/** TagResource: a vault, plan, recovery point, legal hold or restore testing plan. */
import { tagsChange } from '../../../app/backup/tags.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'TagResource'>({
  handle: async (ctx, input) => {
    await tagsChange(ctx, input.ResourceArn!, (tags) => ({ ...tags, ...input.Tags }))
    return {}
  },
})
