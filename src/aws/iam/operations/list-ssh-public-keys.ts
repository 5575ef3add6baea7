/** ListSSHPublicKeys. */
import { userKeys } from '../../../app/iam/user-keys.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'
import { statusOf } from '../present-credentials.ts'
import { PAGE_SIZE, marked } from '../present.ts'

export default operation<'iam', 'ListSSHPublicKeys'>({
  handle: async (ctx, input, call) => {
    const user = await userOrSelf(ctx, input.UserName)
    const page = call.page(await userKeys(ctx, 'ssh', user), {
      key: (one) => one.id,
      defaultSize: PAGE_SIZE,
    })
    const SSHPublicKeys = page.items.map((one) => ({
      UserName: user.name,
      SSHPublicKeyId: one.id,
      Status: statusOf(one),
      UploadDate: new Date(one.createdAt),
    }))
    return { SSHPublicKeys, ...marked(page) }
  },
})
