/** ListChildren: accounts or units directly below. */
import {
  accountsBelow,
  organisationManaged,
  parentGet,
  unitsBelow,
} from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'

export default operation<'organizations', 'ListChildren'>({
  handle: async (ctx, input, call) => {
    const { store } = ctx.app
    const organisation = await organisationManaged(ctx)
    const { id } = await parentGet(store, organisation, input.ParentId!)
    const type = input.ChildType!
    const below = type === 'ACCOUNT' ? accountsBelow : unitsBelow
    const all: { id: string }[] = await below(store, organisation, id)
    const { items, nextToken } = call.page(all, { key: (one) => one.id })
    return { Children: items.map((one) => ({ Id: one.id, Type: type })), NextToken: nextToken }
  },
})
