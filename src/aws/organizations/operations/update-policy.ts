/** UpdatePolicy: counts from the next request on. */
import { scpUpdate } from '../../../app/organisation/policies.ts'
import { organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { presentScp } from '../present.ts'

export default operation<'organizations', 'UpdatePolicy'>({
  handle: async (ctx, input) => {
    const scp = await scpUpdate(ctx, input.PolicyId!, {
      ...(input.Name !== undefined && { name: input.Name }),
      ...(input.Description !== undefined && { description: input.Description }),
      ...(input.Content !== undefined && { content: input.Content }),
    })
    const PolicySummary = presentScp(await organisationManaged(ctx), scp)
    return { Policy: { PolicySummary, Content: scp.content } }
  },
})
