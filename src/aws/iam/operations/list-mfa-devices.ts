/** ListMFADevices: of one user. */
import { mfaDevicesOf } from '../../../app/iam/mfa.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked } from '../present.ts'

export default operation<'iam', 'ListMFADevices'>({
  handle: async (ctx, input, call) => {
    const user = await userOrSelf(ctx, input.UserName)
    const page = call.page(await mfaDevicesOf(ctx, user), {
      key: (one) => one.id,
      defaultSize: PAGE_SIZE,
    })
    const MFADevices = page.items.map((one) => ({
      UserName: user.name,
      SerialNumber: one.id,
      EnableDate: new Date(one.enabledAt!),
    }))
    return { MFADevices, ...marked(page) }
  },
})
