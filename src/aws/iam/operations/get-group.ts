/** GetGroup: the group and its members. */
import { groupMembers } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, presentGroup, presentUserBriefly } from '../present.ts'

export default operation<'iam', 'GetGroup'>({
  handle: async (ctx, input, call) => {
    const { group, users } = await groupMembers(ctx, input.GroupName!)
    const page = call.page(users, { key: (one) => one.name, defaultSize: PAGE_SIZE })
    return {
      Group: presentGroup(group),
      Users: page.items.map(presentUserBriefly),
      ...marked(page),
    }
  },
})
