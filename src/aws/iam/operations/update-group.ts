/** UpdateGroup. */
import { groupRename } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UpdateGroup'>({
  handle: async (ctx, input) => {
    await groupRename(ctx, input.GroupName!, input.NewGroupName, input.NewPath)
    return {}
  },
})
