/** MoveAccount: to another unit, or back to the root. */
import { accountMove } from '../../../app/organisation/accounts.ts'
import { operation } from '../../operation.ts'

export default operation<'organizations', 'MoveAccount'>({
  handle: async (ctx, input) => {
    await accountMove(ctx, input.AccountId!, input.SourceParentId!, input.DestinationParentId!)
    return {}
  },
})
