/** ListInstanceProfilesForRole. */
import { entityGet } from '../../../app/iam/entities.ts'
import { profilesOfRole } from '../../../app/iam/roles.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, presentProfile } from '../present.ts'

export default operation<'iam', 'ListInstanceProfilesForRole'>({
  handle: async (ctx, input, call) => {
    const role = await entityGet(ctx, 'iamRole', input.RoleName!)
    const page = call.page(await profilesOfRole(ctx, role), {
      key: (one) => one.name,
      defaultSize: PAGE_SIZE,
    })
    return {
      InstanceProfiles: await Promise.all(page.items.map((one) => presentProfile(ctx, one, true))),
      ...marked(page),
    }
  },
})
