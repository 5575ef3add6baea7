/** CloseAccount: nobody of it may do anything from then on. */
import { accountClose } from '../../../app/organisation/accounts.ts'
import { operation } from '../../operation.ts'

export default operation<'organizations', 'CloseAccount'>({
  handle: async (ctx, input) => {
    await accountClose(ctx, input.AccountId!)
    return {}
  },
})
