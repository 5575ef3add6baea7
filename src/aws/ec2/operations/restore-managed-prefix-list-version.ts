/** RestoreManagedPrefixListVersion: the entries of an earlier version, as a new one. */
import { prefixListRestore } from '../../../app/network/prefix-lists.ts'
import { parseId } from '../../../domain/ids.ts'
import type { PrefixList } from '../../../domain/prefix-list.ts'
import { changing } from '../changing.ts'
import { prefixListShape } from '../present/prefix-list.ts'

export default changing<'RestoreManagedPrefixListVersion', PrefixList>({
  change: (ctx, input) =>
    prefixListRestore(
      ctx,
      parseId('prefixList', input.PrefixListId!),
      input.PreviousVersion!,
      input.CurrentVersion!,
    ),
  answer: (list) => ({ PrefixList: prefixListShape(list, 'restore-in-progress') }),
})
