/** GetRecoveryPointRestoreMetadata: what StartRestoreJob may be given to have it as it was. */
import { handlerMust } from '../../../app/backup/jobs.ts'
import { pointGet } from '../../../app/backup/points.ts'
import { vaultGet } from '../../../app/backup/vaults.ts'
import { pointArn, vaultArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { unsupported } from '../present-plan.ts'

export default operation<'backup', 'GetRecoveryPointRestoreMetadata'>({
  handle: async (ctx, input) => {
    const owner = input.BackupVaultAccountId
    if (owner && owner !== ctx.account) throw unsupported('BackupVaultAccountId of another account')
    const vault = await vaultGet(ctx, input.BackupVaultName!)
    const point = await pointGet(ctx, vault, input.RecoveryPointArn!)
    return {
      BackupVaultArn: vaultArn(vault),
      RecoveryPointArn: pointArn(point),
      RestoreMetadata: handlerMust(point.resourceType).restoreMetadata(point),
      ResourceType: point.resourceType,
    }
  },
})
