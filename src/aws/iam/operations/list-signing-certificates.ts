/** ListSigningCertificates. */
import { userKeys } from '../../../app/iam/user-keys.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'
import { presentSigning } from '../present-credentials.ts'
import { PAGE_SIZE, marked } from '../present.ts'

export default operation<'iam', 'ListSigningCertificates'>({
  handle: async (ctx, input, call) => {
    const user = await userOrSelf(ctx, input.UserName)
    const page = call.page(await userKeys(ctx, 'signing', user), {
      key: (one) => one.id,
      defaultSize: PAGE_SIZE,
    })
    return { Certificates: page.items.map((one) => presentSigning(user, one)), ...marked(page) }
  },
})
