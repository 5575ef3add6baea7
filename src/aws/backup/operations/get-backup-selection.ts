/** GetBackupSelection. */
import { selectionGet } from '../../../app/backup/plans.ts'
import { operation } from '../../operation.ts'
import { presentSelection } from '../present-plan.ts'

export default operation<'backup', 'GetBackupSelection'>({
  handle: async (ctx, input) => {
    const selection = await selectionGet(ctx, input.BackupPlanId!, input.SelectionId!)
    return {
      BackupSelection: presentSelection(selection),
      SelectionId: selection.id,
      BackupPlanId: selection.planId,
      CreationDate: new Date(selection.createdAt),
      CreatorRequestId: selection.creatorRequestId ?? undefined,
    }
  },
})
