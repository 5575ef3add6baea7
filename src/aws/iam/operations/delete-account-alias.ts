/** DeleteAccountAlias. */
import { aliasRemove } from '../../../app/iam/account.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteAccountAlias'>({
  handle: async (ctx, input) => {
    await aliasRemove(ctx, input.AccountAlias!)
    return {}
  },
})
