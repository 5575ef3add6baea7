/** GetManagedPrefixListEntries: those of the newest version, or of the one named. */
import { prefixListVersion } from '../../../app/network/prefix-lists.ts'
import { ownGet } from '../../../app/network/scope.ts'
import { parseId } from '../../../domain/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'GetManagedPrefixListEntries'>({
  handle: async (ctx, input, call) => {
    const id = parseId('prefixList', input.PrefixListId!)
    const list = await ownGet(ctx, ctx.app.store, 'prefixList', id)
    const { entries } = prefixListVersion(list, input.TargetVersion ?? null)
    const page = call.page(entries, { key: (entry) => entry.cidr })
    return {
      Entries: page.items.map(({ cidr, description }) => {
        return { Cidr: cidr, ...(description !== null && { Description: description }) }
      }),
      NextToken: page.nextToken,
    }
  },
})
