/** AttachGroupPolicy. */
import { policyAttach } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'AttachGroupPolicy'>({
  handle: async (ctx, input) => {
    await policyAttach(ctx, 'iamGroup', input.GroupName!, input.PolicyArn!)
    return {}
  },
})
