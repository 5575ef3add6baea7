/** ListOpenIDConnectProviders. */
import { providersList } from '../../../app/iam/providers.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'ListOpenIDConnectProviders'>({
  handle: async (ctx) => ({
    OpenIDConnectProviderList: (await providersList(ctx, 'oidc')).map(({ id }) => ({ Arn: id })),
  }),
})
