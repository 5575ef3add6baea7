/** ListOrganizationalUnitsForParent. */
import { organisationManaged, parentGet, unitsBelow } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { presentUnit } from '../present.ts'

export default operation<'organizations', 'ListOrganizationalUnitsForParent'>({
  handle: async (ctx, input, call) => {
    const { store } = ctx.app
    const organisation = await organisationManaged(ctx)
    const { id } = await parentGet(store, organisation, input.ParentId!)
    const all = await unitsBelow(store, organisation, id)
    const { items, nextToken } = call.page(all, { key: (one) => one.id })
    return {
      OrganizationalUnits: items.map((one) => presentUnit(organisation, one)),
      NextToken: nextToken,
    }
  },
})
