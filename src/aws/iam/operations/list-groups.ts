/** ListGroups. */
import { entitiesList } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, presentGroup } from '../present.ts'

export default operation<'iam', 'ListGroups'>({
  handle: async (ctx, input, call) => {
    const page = call.page(await entitiesList(ctx, 'iamGroup', input.PathPrefix), {
      key: (one) => one.name,
      defaultSize: PAGE_SIZE,
    })
    return { Groups: page.items.map(presentGroup), ...marked(page) }
  },
})
