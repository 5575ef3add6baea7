/** ListGroupsForUser. */
import { entityGet } from '../../../app/iam/entities.ts'
import { groupsOf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, presentGroup } from '../present.ts'

export default operation<'iam', 'ListGroupsForUser'>({
  handle: async (ctx, input, call) => {
    const user = await entityGet(ctx, 'iamUser', input.UserName!)
    const page = call.page(await groupsOf(ctx, user), {
      key: (one) => one.name,
      defaultSize: PAGE_SIZE,
    })
    return { Groups: page.items.map(presentGroup), ...marked(page) }
  },
})
