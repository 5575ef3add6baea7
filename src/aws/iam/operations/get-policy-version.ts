/** GetPolicyVersion. */
import { mustHaveVersion, policyGet } from '../../../app/iam/managed-policies.ts'
import { operation } from '../../operation.ts'
import { presentVersion } from '../present.ts'

export default operation<'iam', 'GetPolicyVersion'>({
  handle: async (ctx, input) => {
    const policy = await policyGet(ctx, input.PolicyArn!)
    return {
      PolicyVersion: presentVersion(policy, mustHaveVersion(policy, input.VersionId!), true),
    }
  },
})
