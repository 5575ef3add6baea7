/** RemoveAccountFromOrganization: it is on its own then. */
import { accountRemove } from '../../../app/organisation/accounts.ts'
import { operation } from '../../operation.ts'

export default operation<'organizations', 'RemoveAccountFromOrganization'>({
  handle: async (ctx, input) => {
    await accountRemove(ctx, input.AccountId!)
    return {}
  },
})
