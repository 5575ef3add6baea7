/** UpdateAlias. */
import { aliasUpdate } from '../../../app/kms/aliases.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'UpdateAlias'>({
  handle: async (ctx, input) => {
    await aliasUpdate(ctx, input.AliasName!, input.TargetKeyId!)
    return {}
  },
})
