/** GetGroupPolicy. */
import { inlineGet } from '../../../app/iam/permissions.ts'
import { operation } from '../../operation.ts'
import { encodedDocument } from '../present.ts'

export default operation<'iam', 'GetGroupPolicy'>({
  handle: async (ctx, input) => {
    const { entity, document } = await inlineGet(
      ctx,
      'iamGroup',
      input.GroupName!,
      input.PolicyName!,
    )
    return {
      GroupName: entity.name,
      PolicyName: input.PolicyName,
      PolicyDocument: encodedDocument(document),
    }
  },
})
