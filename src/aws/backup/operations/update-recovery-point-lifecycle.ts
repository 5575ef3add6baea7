/** UpdateRecoveryPointLifecycle. */
import { pointLifecycleChange } from '../../../app/backup/points.ts'
import { pointArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { presentPoint } from '../present-job.ts'
import { lifecycleOf } from '../present-plan.ts'

export default operation<'backup', 'UpdateRecoveryPointLifecycle'>({
  handle: async (ctx, input) => {
    const { BackupVaultName: name, RecoveryPointArn: arn, Lifecycle: given } = input
    const point = await pointLifecycleChange(ctx, name!, arn!, lifecycleOf(given))
    const { BackupVaultArn, Lifecycle, CalculatedLifecycle } = presentPoint(point, undefined)
    return { BackupVaultArn, RecoveryPointArn: pointArn(point), Lifecycle, CalculatedLifecycle }
  },
})
