/** DeleteServerCertificate. */
import { entityRemove } from '../../../app/iam/entities.ts'
import { certificateFree } from '../../../app/iam/certificates.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteServerCertificate'>({
  handle: async (ctx, input) => {
    await entityRemove(ctx, 'iamServerCertificate', input.ServerCertificateName!, certificateFree)
    return {}
  },
})
