/** ListPoliciesForTarget: attached to it directly. */
import { scpsList, targetGet } from '../../../app/organisation/policies.ts'
import { organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { presentScp } from '../present.ts'

export default operation<'organizations', 'ListPoliciesForTarget'>({
  handle: async (ctx, input, call) => {
    const organisation = await organisationManaged(ctx)
    const { resource } = await targetGet(ctx.app.store, organisation, input.TargetId!)
    const isScp = input.Filter === 'SERVICE_CONTROL_POLICY' && organisation.areScpsEnabled
    const all = isScp
      ? (await scpsList(ctx)).filter(({ id }) => resource.policyIds.includes(id))
      : []
    const { items, nextToken } = call.page(all, { key: ({ id }) => id })
    return { Policies: items.map((one) => presentScp(organisation, one)), NextToken: nextToken }
  },
})
