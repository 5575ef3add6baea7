/** ListCreateAccountStatus. */
import { organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { presentRequest } from '../present.ts'

export default operation<'organizations', 'ListCreateAccountStatus'>({
  handle: async (ctx, input, call) => {
    await organisationManaged(ctx)
    const all = await ctx.app.store.list('organisationRequest', { account: ctx.account })
    const shown = all
      .map(presentRequest)
      .filter(({ State }) => !input.States?.length || input.States.includes(State!))
    const { items, nextToken } = call.page(shown, { key: ({ Id }) => Id! })
    return { CreateAccountStatuses: items, NextToken: nextToken }
  },
})
