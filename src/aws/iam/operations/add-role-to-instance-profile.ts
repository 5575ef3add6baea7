/** AddRoleToInstanceProfile. */
import { profileAddRole } from '../../../app/iam/roles.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'AddRoleToInstanceProfile'>({
  handle: async (ctx, input) => {
    await profileAddRole(ctx, input.InstanceProfileName!, input.RoleName!)
    return {}
  },
})
