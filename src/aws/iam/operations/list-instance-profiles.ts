/** ListInstanceProfiles. */
import { entitiesList } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, presentProfile } from '../present.ts'

export default operation<'iam', 'ListInstanceProfiles'>({
  handle: async (ctx, input, call) => {
    const page = call.page(await entitiesList(ctx, 'iamInstanceProfile', input.PathPrefix), {
      key: (one) => one.name,
      defaultSize: PAGE_SIZE,
    })
    return {
      InstanceProfiles: await Promise.all(page.items.map((one) => presentProfile(ctx, one, true))),
      ...marked(page),
    }
  },
})
