/** DeletePolicy: only one that is attached nowhere. */
import { scpDelete } from '../../../app/organisation/policies.ts'
import { operation } from '../../operation.ts'

export default operation<'organizations', 'DeletePolicy'>({
  handle: async (ctx, input) => {
    await scpDelete(ctx, input.PolicyId!)
    return {}
  },
})
