/** ListPolicies. */
import { policiesList, policyUses } from '../../../app/iam/managed-policies.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, presentPolicy } from '../present.ts'

export default operation<'iam', 'ListPolicies'>({
  handle: async (ctx, input, call) => {
    const uses = await policyUses(ctx)
    const counts =
      input.PolicyUsageFilter === 'PermissionsBoundary' ? uses.boundaries : uses.attached
    const isFiltered =
      input.OnlyAttached === true || input.PolicyUsageFilter === 'PermissionsBoundary'
    const policies = (await policiesList(ctx, input.Scope)).filter(
      ({ path, arn }) =>
        path.startsWith(input.PathPrefix ?? '/') && (!isFiltered || counts.has(arn)),
    )
    const page = call.page(policies, { key: (one) => one.name + one.arn, defaultSize: PAGE_SIZE })
    return { Policies: page.items.map((one) => presentPolicy(one, uses, true)), ...marked(page) }
  },
})
