/** CreateServiceLinkedRole. */
import { linkedRoleCreate } from '../../../app/iam/roles.ts'
import { operation } from '../../operation.ts'
import { presentRoleBriefly } from '../present.ts'

export default operation<'iam', 'CreateServiceLinkedRole'>({
  handle: async (ctx, input) => {
    const role = await linkedRoleCreate(
      ctx,
      input.AWSServiceName!,
      input.Description,
      input.CustomSuffix,
    )
    return { Role: presentRoleBriefly(role) }
  },
})
