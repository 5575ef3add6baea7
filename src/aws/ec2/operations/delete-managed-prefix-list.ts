/** DeleteManagedPrefixList. */
import { prefixListDelete } from '../../../app/network/prefix-lists.ts'
import { parseId } from '../../../domain/ids.ts'
import type { PrefixList } from '../../../domain/prefix-list.ts'
import { changing } from '../changing.ts'
import { prefixListShape } from '../present/prefix-list.ts'

export default changing<'DeleteManagedPrefixList', PrefixList>({
  change: (ctx, input) => prefixListDelete(ctx, parseId('prefixList', input.PrefixListId!)),
  answer: (list) => ({ PrefixList: prefixListShape(list, 'delete-in-progress') }),
})
