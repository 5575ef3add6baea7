/** TagServerCertificate. */
import { entityChange, tagsMerged, tagsOf } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'TagServerCertificate'>({
  handle: async (ctx, input) => {
    const added = tagsOf(input.Tags)
    await entityChange(ctx, 'iamServerCertificate', input.ServerCertificateName!, (one) => ({
      ...one,
      tags: tagsMerged(one.tags, added),
    }))
    return {}
  },
})
