/** DeleteRestoreTestingPlan: one without selections. */
import { testPlanDelete } from '../../../app/backup/test-plans.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'DeleteRestoreTestingPlan'>({
  handle: async (ctx, input) => {
    await testPlanDelete(ctx, input.RestoreTestingPlanName!)
    return {}
  },
})
