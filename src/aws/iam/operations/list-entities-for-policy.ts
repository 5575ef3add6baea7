/** ListEntitiesForPolicy. */
import { operation } from '../../operation.ts'
import { entitiesOfPolicy } from '../policy-entities.ts'
import { PAGE_SIZE, marked } from '../present.ts'

export default operation<'iam', 'ListEntitiesForPolicy'>({
  handle: async (ctx, input, call) => {
    const page = call.page(await entitiesOfPolicy(ctx, input), {
      key: (one) => one.type + one.id,
      defaultSize: PAGE_SIZE,
    })
    const of = (type: string) => page.items.filter((one) => one.type === type)
    return {
      PolicyGroups: of('Group').map((one) => ({ GroupName: one.name, GroupId: one.id })),
      PolicyRoles: of('Role').map((one) => ({ RoleName: one.name, RoleId: one.id })),
      PolicyUsers: of('User').map((one) => ({ UserName: one.name, UserId: one.id })),
      ...marked(page),
    }
  },
})
