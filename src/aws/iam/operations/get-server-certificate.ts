/** GetServerCertificate. */
import { entityGet } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'
import { presentCertificate } from '../present-credentials.ts'
import { tagList } from '../present.ts'

export default operation<'iam', 'GetServerCertificate'>({
  handle: async (ctx, input) => {
    const found = await entityGet(ctx, 'iamServerCertificate', input.ServerCertificateName!)
    return {
      ServerCertificate: {
        ServerCertificateMetadata: presentCertificate(found),
        CertificateBody: found.body,
        CertificateChain: found.chain ?? undefined,
        Tags: Object.keys(found.tags).length > 0 ? tagList(found.tags) : undefined,
      },
    }
  },
})
