/** CreateGroup. */
import { groupCreate } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'
import { presentGroup } from '../present.ts'

export default operation<'iam', 'CreateGroup'>({
  handle: async (ctx, input) => ({
    Group: presentGroup(await groupCreate(ctx, input.GroupName!, input.Path)),
  }),
})
