/** CreatePolicy: a service control policy; it counts where it is attached. */
import { scpCreate } from '../../../app/organisation/policies.ts'
import { organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { mustBeScp, presentScp, tagsOfInput } from '../present.ts'

export default operation<'organizations', 'CreatePolicy'>({
  handle: async (ctx, input) => {
    mustBeScp(input.Type)
    const scp = await scpCreate(ctx, {
      name: input.Name!,
      description: input.Description!,
      content: input.Content!,
      tags: tagsOfInput(input.Tags),
    })
    const PolicySummary = presentScp(await organisationManaged(ctx), scp)
    return { Policy: { PolicySummary, Content: scp.content } }
  },
})
