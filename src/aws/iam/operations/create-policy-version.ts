/** CreatePolicyVersion. */
import { versionCreate } from '../../../app/iam/managed-policies.ts'
import { operation } from '../../operation.ts'
import { presentVersion } from '../present.ts'

export default operation<'iam', 'CreatePolicyVersion'>({
  handle: async (ctx, input) => {
    const { policy, version } = await versionCreate(
      ctx,
      input.PolicyArn!,
      input.PolicyDocument!,
      input.SetAsDefault ?? false,
    )
    return { PolicyVersion: presentVersion({ ...policy, isAws: false }, version) }
  },
})
