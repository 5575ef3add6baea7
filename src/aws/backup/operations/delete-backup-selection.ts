/** DeleteBackupSelection. */
import { selectionDelete } from '../../../app/backup/plans.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'DeleteBackupSelection'>({
  handle: async (ctx, input) => {
    await selectionDelete(ctx, input.BackupPlanId!, input.SelectionId!)
    return {}
  },
})
