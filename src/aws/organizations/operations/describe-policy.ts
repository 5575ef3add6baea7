/** DescribePolicy: with its document. */
import { scpGet } from '../../../app/organisation/policies.ts'
import { organisationManaged } from '../../../app/organisation/tree.ts'
import { operation } from '../../operation.ts'
import { presentScp } from '../present.ts'

export default operation<'organizations', 'DescribePolicy'>({
  handle: async (ctx, input) => {
    const scp = await scpGet(ctx, input.PolicyId!)
    const PolicySummary = presentScp(await organisationManaged(ctx), scp)
    return { Policy: { PolicySummary, Content: scp.content } }
  },
})
