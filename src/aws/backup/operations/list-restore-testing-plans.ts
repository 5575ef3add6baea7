/** ListRestoreTestingPlans. */
import { scopeOf } from '../../../app/network/scope.ts'
import { operation } from '../../operation.ts'
import { presentTestPlan } from '../present-test.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'

export default operation<'backup', 'ListRestoreTestingPlans'>({
  handle: async (ctx, _input, call) => {
    const plans = await ctx.app.store.list('backupTestPlan', scopeOf(ctx))
    const page = call.page(plans, { key: newestFirst, defaultSize: PAGE_SIZE })
    return { RestoreTestingPlans: page.items.map(presentTestPlan), NextToken: page.nextToken }
  },
})
