/** CreateManagedPrefixList. */
import { prefixListCreate } from '../../../app/network/prefix-lists.ts'
import type { PrefixList } from '../../../domain/prefix-list.ts'
import { changing } from '../changing.ts'
import { prefixListShape } from '../present/prefix-list.ts'
import { tagsOfSpecifications } from '../tag-specifications.ts'

export default changing<'CreateManagedPrefixList', PrefixList>({
  change: (ctx, input) =>
    prefixListCreate(ctx, {
      name: input.PrefixListName!,
      family: input.AddressFamily!,
      maxEntries: input.MaxEntries!,
      entries: (input.Entries ?? []).map((entry) => {
        return { cidr: entry.Cidr ?? '', description: entry.Description ?? null }
      }),
      clientToken: input.ClientToken ?? null,
      tags: tagsOfSpecifications(input.TagSpecifications, 'prefix-list'),
    }),
  answer: (list) => ({ PrefixList: prefixListShape(list, 'create-in-progress') }),
})
