/** ListSAMLProviders. */
import { providersList, samlValidUntil } from '../../../app/iam/providers.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'ListSAMLProviders'>({
  handle: async (ctx) => ({
    SAMLProviderList: (await providersList(ctx, 'saml')).map((one) => ({
      Arn: one.id,
      ValidUntil: samlValidUntil(one),
      CreateDate: new Date(one.createdAt),
    })),
  }),
})
