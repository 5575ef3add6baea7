/** DeleteRole. */
import { roleRemove } from '../../../app/iam/roles.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteRole'>({
  handle: async (ctx, input) => {
    await roleRemove(ctx, input.RoleName!)
    return {}
  },
})
