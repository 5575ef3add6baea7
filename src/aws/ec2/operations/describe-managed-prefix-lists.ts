/** DescribeManagedPrefixLists: the account's own. AWS's lists are of services that are not here. */
import { ownList } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import type { PrefixList } from '../../../domain/prefix-list.ts'
import { operation } from '../../operation.ts'
import { prefixListShape } from '../present/prefix-list.ts'
import { tagsOf } from '../tags.ts'

export default operation<'ec2', 'DescribeManagedPrefixLists', PrefixList>({
  filters: {
    'owner-id': (list) => list.account,
    'prefix-list-id': (list) => list.id,
    'prefix-list-name': (list) => list.name,
  },
  tagsOf,
  handle: async (ctx, input, call) => {
    const ids = (input.PrefixListIds ?? []).map((id) => parseId('prefixList', id))
    const found = call.filter(await ownList(ctx, 'prefixList', ids))
    const page = call.page(found, { key: (list) => list.id })
    return {
      PrefixLists: page.items.map((list) => prefixListShape(list)),
      NextToken: page.nextToken,
    }
  },
})
