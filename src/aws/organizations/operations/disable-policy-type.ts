/** DisablePolicyType: service control policies count no more; they stay attached. */
import { scpsEnable } from '../../../app/organisation/organisation.ts'
import { operation } from '../../operation.ts'
import { mustBeScp, presentRoot } from '../present.ts'

export default operation<'organizations', 'DisablePolicyType'>({
  handle: async (ctx, input) => {
    mustBeScp(input.PolicyType)
    return { Root: presentRoot(await scpsEnable(ctx, input.RootId!, false)) }
  },
})
