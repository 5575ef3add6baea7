/** GetOpenIDConnectProvider: the URL comes without its scheme, as on AWS. */
import { providerGet } from '../../../app/iam/providers.ts'
import { operation } from '../../operation.ts'
import { tagList } from '../present.ts'

export default operation<'iam', 'GetOpenIDConnectProvider'>({
  handle: async (ctx, input) => {
    const found = await providerGet(ctx, 'oidc', input.OpenIDConnectProviderArn!)
    return {
      Url: found.url!.replace(/^https?:\/\//, ''),
      ClientIDList: [...found.clientIds],
      ThumbprintList: [...found.thumbprints],
      CreateDate: new Date(found.createdAt),
      Tags: tagList(found.tags),
    }
  },
})
