/** DisassociateRecoveryPoint: of continuous backups, of which there are none here. */
import { disassociationRefusal, pointGet } from '../../../app/backup/points.ts'
import { vaultGet } from '../../../app/backup/vaults.ts'
import { operation } from '../../operation.ts'

export default operation<'backup', 'DisassociateRecoveryPoint'>({
  handle: async (ctx, input) => {
    const vault = await vaultGet(ctx, input.BackupVaultName!)
    await pointGet(ctx, vault, input.RecoveryPointArn!)
    throw disassociationRefusal(input.RecoveryPointArn!)
  },
})
