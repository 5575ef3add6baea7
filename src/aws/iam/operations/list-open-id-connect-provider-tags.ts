/** ListOpenIDConnectProviderTags. */
import { byArn } from '../../../app/iam/tagged.ts'
import { operation } from '../../operation.ts'
import { PAGE_SIZE, marked, tagList } from '../present.ts'

export default operation<'iam', 'ListOpenIDConnectProviderTags'>({
  handle: async (ctx, input, call) => {
    const { tags } = await byArn(ctx, 'iamProvider', input.OpenIDConnectProviderArn!)
    const page = call.page(tagList(tags), { key: (one) => one.Key!, defaultSize: PAGE_SIZE })
    return { Tags: page.items, ...marked(page) }
  },
})
