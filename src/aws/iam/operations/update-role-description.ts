/** UpdateRoleDescription. */
import { entityChange } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'
import { presentRoleBriefly } from '../present.ts'

export default operation<'iam', 'UpdateRoleDescription'>({
  handle: async (ctx, input) => {
    const role = await entityChange(ctx, 'iamRole', input.RoleName!, (before) => ({
      ...before,
      description: input.Description!,
    }))
    return { Role: presentRoleBriefly(role) }
  },
})
