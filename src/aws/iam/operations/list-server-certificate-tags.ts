/** ListServerCertificateTags. */
import { entityGet } from '../../../app/iam/entities.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, tagList } from '../present.ts'

export default operation<'iam', 'ListServerCertificateTags'>({
  handle: async (ctx, input, call) => {
    const { tags } = await entityGet(ctx, 'iamServerCertificate', input.ServerCertificateName!)
    const page = call.page(tagList(tags), { key: (one) => one.Key!, defaultSize: PAGE_SIZE })
    return { Tags: page.items, ...marked(page) }
  },
})
