/** SetDefaultPolicyVersion. */
import { versionSetDefault } from '../../../app/iam/managed-policies.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'SetDefaultPolicyVersion'>({
  handle: async (ctx, input) => {
    await versionSetDefault(ctx, input.PolicyArn!, input.VersionId!)
    return {}
  },
})
