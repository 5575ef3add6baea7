/** UploadSigningCertificate. */
import { userKeyUpload } from '../../../app/iam/user-keys.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'
import { presentSigning } from '../present-credentials.ts'

export default operation<'iam', 'UploadSigningCertificate'>({
  handle: async (ctx, input) => {
    const user = await userOrSelf(ctx, input.UserName)
    const made = await userKeyUpload(ctx, 'signing', user, input.CertificateBody!)
    return { Certificate: presentSigning(user, made) }
  },
})
