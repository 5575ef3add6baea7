/** DeleteSAMLProvider. */
import { providerRemove } from '../../../app/iam/providers.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteSAMLProvider'>({
  handle: async (ctx, input) => {
    await providerRemove(ctx, 'saml', input.SAMLProviderArn!)
    return {}
  },
})
