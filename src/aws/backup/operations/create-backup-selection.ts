/** CreateBackupSelection. */
import { selectionCreate } from '../../../app/backup/plans.ts'
import { operation } from '../../operation.ts'
import { selectionOf } from '../present-plan.ts'

export default operation<'backup', 'CreateBackupSelection'>({
  handle: async (ctx, input) => {
    const selection = await selectionCreate(ctx, input.BackupPlanId!, {
      ...selectionOf(input.BackupSelection!),
      creatorRequestId: input.CreatorRequestId ?? null,
    })
    return {
      SelectionId: selection.id,
      BackupPlanId: selection.planId,
      CreationDate: new Date(selection.createdAt),
    }
  },
})
