/** ListLegalHolds: cancelled ones too. */
import { scopeOf } from '../../../app/network/scope.ts'
import { operation } from '../../operation.ts'
import { presentHold } from '../present-hold.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'

export default operation<'backup', 'ListLegalHolds'>({
  handle: async (ctx, _input, call) => {
    const holds = await ctx.app.store.list('backupHold', scopeOf(ctx))
    const page = call.page(holds, { key: newestFirst, defaultSize: PAGE_SIZE })
    return { LegalHolds: page.items.map(presentHold), NextToken: page.nextToken }
  },
})
