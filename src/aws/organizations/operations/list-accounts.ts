/** ListAccounts. */
import { organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { presentAccount } from '../present.ts'

export default operation<'organizations', 'ListAccounts'>({
  handle: async (ctx, _input, call) => {
    const organisation = await organisationManaged(ctx)
    const all = await ctx.app.store.list('organisationAccount', { account: ctx.account })
    const { items, nextToken } = call.page(all, { key: ({ id }) => id })
    return {
      Accounts: items.map((one) => presentAccount(organisation, one)),
      NextToken: nextToken,
    }
  },
})
