/** DeleteRecoveryPoint: not in a locked vault, nor under a legal hold. */
import { pointDelete } from '../../../app/backup/points.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'DeleteRecoveryPoint'>({
  handle: async (ctx, input) => {
    await pointDelete(ctx, input.BackupVaultName!, input.RecoveryPointArn!)
    return {}
  },
})
