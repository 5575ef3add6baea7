/** AttachPolicy: it limits the target and all below. */
import { scpAttach } from '../../../app/organisation/policies.ts'
import { operation } from '../../operation.ts'

export default operation<'organizations', 'AttachPolicy'>({
  handle: async (ctx, input) => {
    await scpAttach(ctx, input.PolicyId!, input.TargetId!)
    return {}
  },
})
