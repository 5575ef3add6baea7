/** GetRestoreTestingPlan. */
import { testPlanGet } from '../../../app/backup/test-plans.ts'
import { operation } from '../../operation.ts'
import { presentTestPlan, presentTestPoints } from '../present-test.ts'

export default operation<'backup', 'GetRestoreTestingPlan'>({
  handle: async (ctx, input) => {
    const plan = await testPlanGet(ctx, input.RestoreTestingPlanName!)
    const shown = {
      ...presentTestPlan(plan),
      CreatorRequestId: plan.creatorRequestId ?? undefined,
      RecoveryPointSelection: presentTestPoints(plan),
    }
    return { RestoreTestingPlan: shown }
  },
})
