/** GetUserPolicy. */
import { inlineGet } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'
import { encodedDocument } from '../present.ts'

export default operation<'iam', 'GetUserPolicy'>({
  handle: async (ctx, input) => {
    const { entity, document } = await inlineGet(ctx, 'iamUser', input.UserName!, input.PolicyName!)
    return {
      UserName: entity.name,
      PolicyName: input.PolicyName,
      PolicyDocument: encodedDocument(document),
    }
  },
})
