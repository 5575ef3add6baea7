/** RemoveClientIDFromOpenIDConnectProvider. */
import { clientIdRemove } from '../../../app/iam/providers.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'RemoveClientIDFromOpenIDConnectProvider'>({
  handle: async (ctx, input) => {
    await clientIdRemove(ctx, input.OpenIDConnectProviderArn!, input.ClientID!)
    return {}
  },
})
