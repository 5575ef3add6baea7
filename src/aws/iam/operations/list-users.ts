/** ListUsers. */
import { entitiesList } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, presentUserBriefly } from '../present.ts'

export default operation<'iam', 'ListUsers'>({
  handle: async (ctx, input, call) => {
    const page = call.page(await entitiesList(ctx, 'iamUser', input.PathPrefix), {
      key: (one) => one.name,
      defaultSize: PAGE_SIZE,
    })
    return { Users: page.items.map(presentUserBriefly), ...marked(page) }
  },
})
