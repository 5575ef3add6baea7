/** DetachPolicy: the last one of a target stays. */
import { scpDetach } from '../../../app/organisation/policies.ts'
import { operation } from '../../operation.ts'

export default operation<'organizations', 'DetachPolicy'>({
  handle: async (ctx, input) => {
    await scpDetach(ctx, input.PolicyId!, input.TargetId!)
    return {}
  },
})
