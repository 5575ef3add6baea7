/** ListAccountsForParent: those directly below a root or unit. */
import { accountsBelow, organisationManaged, parentGet } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { presentAccount } from '../present.ts'

export default operation<'organizations', 'ListAccountsForParent'>({
  handle: async (ctx, input, call) => {
    const { store } = ctx.app
    const organisation = await organisationManaged(ctx)
    const { id } = await parentGet(store, organisation, input.ParentId!)
    const all = await accountsBelow(store, organisation, id)
    const { items, nextToken } = call.page(all, { key: (one) => one.id })
    return {
      Accounts: items.map((one) => presentAccount(organisation, one)),
      NextToken: nextToken,
    }
  },
})
