/** ListServerCertificates. */
import { entitiesList } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'
import { presentCertificate } from '../present-credentials.ts'
import { PAGE_SIZE, marked } from '../present.ts'

export default operation<'iam', 'ListServerCertificates'>({
  handle: async (ctx, input, call) => {
    const page = call.page(await entitiesList(ctx, 'iamServerCertificate', input.PathPrefix), {
      key: (one) => one.name,
      defaultSize: PAGE_SIZE,
    })
    return { ServerCertificateMetadataList: page.items.map(presentCertificate), ...marked(page) }
  },
})
