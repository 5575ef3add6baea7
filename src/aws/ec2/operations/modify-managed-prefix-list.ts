/** ModifyManagedPrefixList: its entries (a new version), or its name and size. */
import { prefixListModify } from '../../../app/network/prefix-lists.ts'
import { parseId } from '../../../domain/ids.ts'
import type { PrefixList } from '../../../domain/prefix-list.ts'
import { refuseFeatures } from '../absent-features.ts'
import { changing } from '../changing.ts'
import { prefixListShape } from '../present/prefix-list.ts'

export default changing<'ModifyManagedPrefixList', PrefixList>({
  change: (ctx, input) => {
    refuseFeatures('ModifyManagedPrefixList', {
      IpamPrefixListResolver: input.IpamPrefixListResolverSyncEnabled,
    })
    return prefixListModify(ctx, {
      id: parseId('prefixList', input.PrefixListId!),
      currentVersion: input.CurrentVersion ?? null,
      name: input.PrefixListName ?? null,
      maxEntries: input.MaxEntries ?? null,
      add: (input.AddEntries ?? []).map((entry) => {
        return { cidr: entry.Cidr ?? '', description: entry.Description ?? null }
      }),
      remove: (input.RemoveEntries ?? []).map((entry) => entry.Cidr ?? ''),
    })
  },
  answer: (list) => ({ PrefixList: prefixListShape(list, 'modify-in-progress') }),
})
