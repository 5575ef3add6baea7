/** UpdateServerCertificate: another name, another path. */
import { certificateRename } from '../../../app/iam/certificates.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UpdateServerCertificate'>({
  handle: async (ctx, input) => {
    const { ServerCertificateName: name, NewServerCertificateName: to, NewPath: path } = input
    await certificateRename(ctx, name!, to, path)
    return {}
  },
})
