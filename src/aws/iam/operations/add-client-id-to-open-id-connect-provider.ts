/** AddClientIDToOpenIDConnectProvider. */
import { clientIdAdd } from '../../../app/iam/providers.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'AddClientIDToOpenIDConnectProvider'>({
  handle: async (ctx, input) => {
    await clientIdAdd(ctx, input.OpenIDConnectProviderArn!, input.ClientID!)
    return {}
  },
})
