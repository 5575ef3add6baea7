/** DeleteOpenIDConnectProvider. */
import { providerRemove } from '../../../app/iam/providers.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteOpenIDConnectProvider'>({
  handle: async (ctx, input) => {
    await providerRemove(ctx, 'oidc', input.OpenIDConnectProviderArn!)
    return {}
  },
})
