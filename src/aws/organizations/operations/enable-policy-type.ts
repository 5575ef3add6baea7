/** EnablePolicyType: service control policies count from now on. */
import { scpsEnable } from '../../../app/organisation/organisation.ts'
import { operation } from '../../operation.ts'
import { mustBeScp, presentRoot } from '../present.ts'

export default operation<'organizations', 'EnablePolicyType'>({
  handle: async (ctx, input) => {
    mustBeScp(input.PolicyType)
    return { Root: presentRoot(await scpsEnable(ctx, input.RootId!, true)) }
  },
})
