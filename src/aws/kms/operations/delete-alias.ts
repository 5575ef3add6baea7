/** DeleteAlias. */
import { aliasDelete } from '../../../app/kms/aliases.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'DeleteAlias'>({
  handle: async (ctx, input) => {
    await aliasDelete(ctx, input.AliasName!)
    return {}
  },
})
