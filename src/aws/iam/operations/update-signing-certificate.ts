/** UpdateSigningCertificate. */
import { userKeyStatus } from '../../../app/iam/user-keys.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UpdateSigningCertificate'>({
  handle: async (ctx, input) => {
    const user = await userOrSelf(ctx, input.UserName)
    await userKeyStatus(ctx, 'signing', user, input.CertificateId!, input.Status === 'Active')
    return {}
  },
})
