/** GetRestoreTestingSelection. */
import { testSelectionGet } from '../../../app/backup/test-plans.ts'
import { operation } from '../../operation.ts'
import { presentTestConditions, presentTestSelection } from '../present-test.ts'

export default operation<'backup', 'GetRestoreTestingSelection'>({
  handle: async (ctx, input) => {
    const { RestoreTestingPlanName: planName, RestoreTestingSelectionName: name } = input
    const { plan, selection } = await testSelectionGet(ctx, planName!, name!)
    const shown = {
      ...presentTestSelection(plan, selection),
      CreatorRequestId: selection.creatorRequestId ?? undefined,
      ProtectedResourceArns: [...selection.resourceArns],
      ProtectedResourceConditions: presentTestConditions(selection),
      RestoreMetadataOverrides: { ...selection.overrides },
    }
    return { RestoreTestingSelection: shown }
  },
})
