/** ListTags. */
import { taggedGet } from '../../../app/backup/tags.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'ListTags'>({
  handle: async (ctx, input, call) => {
    const { resource } = await taggedGet(ctx, input.ResourceArn!)
    const page = call.page(Object.entries(resource.tags), { key: ([key]) => key })
    return { Tags: Object.fromEntries(page.items), NextToken: page.nextToken }
  },
})
