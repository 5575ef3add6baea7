/** PutUserPolicy. */
import { policyPut } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'PutUserPolicy'>({
  handle: async (ctx, input) => {
    await policyPut(ctx, 'iamUser', input.UserName!, {
      name: input.PolicyName!,
      document: input.PolicyDocument!,
    })
    return {}
  },
})
