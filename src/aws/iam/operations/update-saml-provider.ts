/** UpdateSAMLProvider: another document. */
import { providerGet, samlUpdate } from '../../../app/iam/providers.ts'
import { operation } from '../../operation.ts'
import { encryptionRefuse } from '../present-credentials.ts'

export default operation<'iam', 'UpdateSAMLProvider'>({
  handle: async (ctx, input) => {
    encryptionRefuse(input)
    const arn = input.SAMLProviderArn!
    await providerGet(ctx, 'saml', arn)
    if (input.SAMLMetadataDocument) await samlUpdate(ctx, arn, input.SAMLMetadataDocument)
    return { SAMLProviderArn: arn }
  },
})
