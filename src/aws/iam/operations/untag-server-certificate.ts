/** UntagServerCertificate. */
import { entityChange, tagsWithout } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UntagServerCertificate'>({
  handle: async (ctx, input) => {
    await entityChange(ctx, 'iamServerCertificate', input.ServerCertificateName!, (one) => ({
      ...one,
      tags: tagsWithout(one.tags, input.TagKeys ?? []),
    }))
    return {}
  },
})
