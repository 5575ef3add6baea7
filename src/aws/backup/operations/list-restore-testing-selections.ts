/** ListRestoreTestingSelections of a plan. */
import { testPlanGet } from '../../../app/backup/test-plans.ts'
import { operation } from '../../operation.ts'
import { presentTestSelection } from '../present-test.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'

export default operation<'backup', 'ListRestoreTestingSelections'>({
  handle: async (ctx, input, call) => {
    const plan = await testPlanGet(ctx, input.RestoreTestingPlanName!)
    const reference = { name: 'plan', value: plan.id }
    const selections = await ctx.app.store.list('backupTestSelection', { reference })
    const page = call.page(selections, { key: newestFirst, defaultSize: PAGE_SIZE })
    return {
      RestoreTestingSelections: page.items.map((one) => presentTestSelection(plan, one)),
      NextToken: page.nextToken,
    }
  },
})
