/** GetRolePolicy. */
import { inlineGet } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'
import { encodedDocument } from '../present.ts'

export default operation<'iam', 'GetRolePolicy'>({
  handle: async (ctx, input) => {
    const { entity, document } = await inlineGet(ctx, 'iamRole', input.RoleName!, input.PolicyName!)
    return {
      RoleName: entity.name,
      PolicyName: input.PolicyName,
      PolicyDocument: encodedDocument(document),
    }
  },
})
