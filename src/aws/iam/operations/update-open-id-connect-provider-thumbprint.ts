/** UpdateOpenIDConnectProviderThumbprint: the whole list. */
import { thumbprintsPut } from '../../../app/iam/providers.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UpdateOpenIDConnectProviderThumbprint'>({
  handle: async (ctx, input) => {
    await thumbprintsPut(ctx, input.OpenIDConnectProviderArn!, input.ThumbprintList ?? [])
    return {}
  },
})
