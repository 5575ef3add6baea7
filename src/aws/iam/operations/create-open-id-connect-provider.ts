/** CreateOpenIDConnectProvider. */
import { tagsOf } from '../../../app/iam/entities.ts'
import { oidcCreate } from '../../../app/iam/providers.ts'
import { operation } from '../../operation.ts'
import { tagList } from '../present.ts'

export default operation<'iam', 'CreateOpenIDConnectProvider'>({
  handle: async (ctx, input) => {
    const made = await oidcCreate(ctx, {
      url: input.Url!,
      clientIds: input.ClientIDList ?? [],
      thumbprints: input.ThumbprintList ?? [],
      tags: tagsOf(input.Tags),
    })
    const Tags = input.Tags?.length ? tagList(made.tags) : undefined
    return { OpenIDConnectProviderArn: made.id, Tags }
  },
})
