/** CreateAccountAlias. */
import { aliasCreate } from '../../../app/iam/account.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'CreateAccountAlias'>({
  handle: async (ctx, input) => {
    await aliasCreate(ctx, input.AccountAlias!)
    return {}
  },
})
