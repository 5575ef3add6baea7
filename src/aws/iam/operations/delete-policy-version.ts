/** DeletePolicyVersion. */
import { versionDelete } from '../../../app/iam/managed-policies.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeletePolicyVersion'>({
  handle: async (ctx, input) => {
    await versionDelete(ctx, input.PolicyArn!, input.VersionId!)
    return {}
  },
})
