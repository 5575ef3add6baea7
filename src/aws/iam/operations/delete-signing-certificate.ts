/** DeleteSigningCertificate. */
import { userKeyRemove } from '../../../app/iam/user-keys.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteSigningCertificate'>({
  handle: async (ctx, input) => {
    const user = await userOrSelf(ctx, input.UserName)
    await userKeyRemove(ctx, 'signing', user, input.CertificateId!)
    return {}
  },
})
