/** DeleteRestoreTestingSelection. */
import { testSelectionDelete } from '../../../app/backup/test-plans.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'DeleteRestoreTestingSelection'>({
  handle: async (ctx, input) => {
    const { RestoreTestingPlanName: planName, RestoreTestingSelectionName: name } = input
    await testSelectionDelete(ctx, planName!, name!)
    return {}
  },
})
