/** ListPolicies: of one type; there are none of the others. */
import { scpsList } from '../../../app/organisation/policies.ts'
import { organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { presentScp } from '../present.ts'

export default operation<'organizations', 'ListPolicies'>({
  handle: async (ctx, input, call) => {
    const organisation = await organisationManaged(ctx)
    const all = input.Filter === 'SERVICE_CONTROL_POLICY' ? await scpsList(ctx) : []
    const { items, nextToken } = call.page(all, { key: ({ id }) => id })
    return { Policies: items.map((one) => presentScp(organisation, one)), NextToken: nextToken }
  },
})
