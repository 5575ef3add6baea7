/** UntagResource. */
import { tagsChange } from '../../../app/backup/tags.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'UntagResource'>({
  handle: async (ctx, input) => {
    const gone = new Set(input.TagKeyList)
    await tagsChange(ctx, input.ResourceArn!, (tags) =>
      Object.fromEntries(Object.entries(tags).filter(([key]) => !gone.has(key))),
    )
    return {}
  },
})
