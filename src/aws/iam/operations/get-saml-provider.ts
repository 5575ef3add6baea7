/** GetSAMLProvider. */
import { providerGet, samlValidUntil } from '../../../app/iam/providers.ts'
import { operation } from '../../operation.ts'
import { tagList } from '../present.ts'

export default operation<'iam', 'GetSAMLProvider'>({
  handle: async (ctx, input) => {
    const found = await providerGet(ctx, 'saml', input.SAMLProviderArn!)
    return {
      SAMLMetadataDocument: found.metadata!,
      CreateDate: new Date(found.createdAt),
      ValidUntil: samlValidUntil(found),
      Tags: tagList(found.tags),
    }
  },
})
