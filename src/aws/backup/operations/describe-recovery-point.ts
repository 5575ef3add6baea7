/** DescribeRecoveryPoint. */
import { pointGet } from '../../../app/backup/points.ts'
import { vaultGet } from '../../../app/backup/vaults.ts'
import { operation } from '../../operation.ts'
import { presentPoint } from '../present-job.ts'
import { unsupported } from '../present-plan.ts'

export default operation<'backup', 'DescribeRecoveryPoint'>({
  handle: async (ctx, input) => {
    const owner = input.BackupVaultAccountId
    if (owner && owner !== ctx.account) throw unsupported('BackupVaultAccountId of another account')
    const vault = await vaultGet(ctx, input.BackupVaultName!)
    const point = await pointGet(ctx, vault, input.RecoveryPointArn!)
    const StorageClass = point.isCold ? ('COLD' as const) : ('WARM' as const)
    return { ...presentPoint(point, vault), StorageClass }
  },
})
