/** DeleteGroup. */
import { groupRemove } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteGroup'>({
  handle: async (ctx, input) => {
    await groupRemove(ctx, input.GroupName!)
    return {}
  },
})
