/** ListAccessKeys. */
import { accessKeys } from '../../../app/iam/access-keys.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked } from '../present.ts'

export default operation<'iam', 'ListAccessKeys'>({
  handle: async (ctx, input, call) => {
    const user = await userOrSelf(ctx, input.UserName)
    const page = call.page(await accessKeys(ctx, user), {
      key: (one) => one.createdAt + one.id,
      defaultSize: PAGE_SIZE,
    })
    return {
      AccessKeyMetadata: page.items.map((one) => ({
        UserName: user.name,
        AccessKeyId: one.id,
        Status: one.isActive ? ('Active' as const) : ('Inactive' as const),
        CreateDate: new Date(one.createdAt),
      })),
      ...marked(page),
    }
  },
})
