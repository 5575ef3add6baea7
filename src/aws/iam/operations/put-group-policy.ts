/** PutGroupPolicy. */
import { policyPut } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'PutGroupPolicy'>({
  handle: async (ctx, input) => {
    await policyPut(ctx, 'iamGroup', input.GroupName!, {
      name: input.PolicyName!,
      document: input.PolicyDocument!,
    })
    return {}
  },
})
