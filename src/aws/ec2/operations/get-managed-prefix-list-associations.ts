/** GetManagedPrefixListAssociations: the groups and route tables that name a list. */
import { prefixListUsers } from '../../../app/network/prefix-lists.ts'
import { ownGet } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'GetManagedPrefixListAssociations'>({
  handle: async (ctx, input, call) => {
    const id = parseId('prefixList', input.PrefixListId!)
    await ownGet(ctx, ctx.app.store, 'prefixList', id)
    const { groups, tables } = await prefixListUsers(ctx.app.store, id)
    const page = call.page([...groups, ...tables], { key: (each) => each.id })
    return {
      PrefixListAssociations: page.items.map((each) => {
        return { ResourceId: each.id, ResourceOwner: each.account }
      }),
      NextToken: page.nextToken,
    }
  },
})
