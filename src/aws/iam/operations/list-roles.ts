/** ListRoles. */
import { entitiesList } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, presentRoleBriefly } from '../present.ts'

export default operation<'iam', 'ListRoles'>({
  handle: async (ctx, input, call) => {
    const page = call.page(await entitiesList(ctx, 'iamRole', input.PathPrefix), {
      key: (one) => one.name,
      defaultSize: PAGE_SIZE,
    })
    return { Roles: page.items.map(presentRoleBriefly), ...marked(page) }
  },
})
