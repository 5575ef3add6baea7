/** ListBackupSelections of a plan. */
import { selectionsOf } from '../../../app/backup/plans.ts'
import { operation } from '../../operation.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'

export default operation<'backup', 'ListBackupSelections'>({
  handle: async (ctx, input, call) => {
    const selections = await selectionsOf(ctx, input.BackupPlanId!)
    const page = call.page(selections, { key: newestFirst, defaultSize: PAGE_SIZE })
    return {
      BackupSelectionsList: page.items.map((selection) => ({
        SelectionId: selection.id,
        SelectionName: selection.name,
        BackupPlanId: selection.planId,
        CreationDate: new Date(selection.createdAt),
        CreatorRequestId: selection.creatorRequestId ?? undefined,
        IamRoleArn: selection.roleArn,
      })),
      NextToken: page.nextToken,
    }
  },
})
