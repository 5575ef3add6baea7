/** CreateSAMLProvider. */
import { tagsOf } from '../../../app/iam/entities.ts'
import { samlCreate } from '../../../app/iam/providers.ts'
import { operation } from '../../operation.ts'
import { encryptionRefuse } from '../present-credentials.ts'
import { tagList } from '../present.ts'

export default operation<'iam', 'CreateSAMLProvider'>({
  handle: async (ctx, input) => {
    encryptionRefuse(input)
    const made = await samlCreate(ctx, input.Name!, input.SAMLMetadataDocument!, tagsOf(input.Tags))
    const Tags = input.Tags?.length ? tagList(made.tags) : undefined
    return { SAMLProviderArn: made.id, Tags }
  },
})
