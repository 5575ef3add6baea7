/** RemoveRoleFromInstanceProfile. */
import { profileRemoveRole } from '../../../app/iam/roles.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'RemoveRoleFromInstanceProfile'>({
  handle: async (ctx, input) => {
    await profileRemoveRole(ctx, input.InstanceProfileName!, input.RoleName!)
    return {}
  },
})
