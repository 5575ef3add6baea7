/** GetRestoreTestingInferredMetadata: what a restore test would be given. */
import { handlerMust } from '../../../app/backup/jobs.ts'
import { pointGet } from '../../../app/backup/points.ts'
import { vaultGet } from '../../../app/backup/vaults.ts'
import { operation } from '../../operation.ts'
import { unsupported } from '../present-plan.ts'

export default operation<'backup', 'GetRestoreTestingInferredMetadata'>({
  handle: async (ctx, input) => {
    const owner = input.BackupVaultAccountId
    if (owner && owner !== ctx.account) throw unsupported('BackupVaultAccountId of another account')
    const vault = await vaultGet(ctx, input.BackupVaultName!)
    const point = await pointGet(ctx, vault, input.RecoveryPointArn!)
    const inferred = await handlerMust(point.resourceType).testMetadata(point, {})
    return { InferredMetadata: inferred }
  },
})
