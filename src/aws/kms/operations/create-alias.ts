/** CreateAlias. */
import { aliasCreate } from '../../../app/kms/aliases.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'CreateAlias'>({
  handle: async (ctx, input) => {
    await aliasCreate(ctx, input.AliasName!, input.TargetKeyId!)
    return {}
  },
})
