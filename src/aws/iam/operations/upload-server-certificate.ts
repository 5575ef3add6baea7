/** UploadServerCertificate: the key is never answered again. */
import { certificateUpload } from '../../../app/iam/certificates.ts'
import { tagsOf } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'
import { presentCertificate } from '../present-credentials.ts'
import { tagList } from '../present.ts'

export default operation<'iam', 'UploadServerCertificate'>({
  handle: async (ctx, input) => {
    const made = await certificateUpload(ctx, {
      name: input.ServerCertificateName!,
      path: input.Path,
      body: input.CertificateBody!,
      chain: input.CertificateChain,
      key: input.PrivateKey!,
      tags: tagsOf(input.Tags),
    })
    return {
      ServerCertificateMetadata: presentCertificate(made),
      Tags: input.Tags?.length ? tagList(made.tags) : undefined,
    }
  },
})
