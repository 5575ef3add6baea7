/** ListRecoveryPointsByLegalHold. */
import { pointsHeld } from '../../../app/backup/holds.ts'
import { pointArn } from '../../../domain/backup/arn.ts'
import { operation } from '../../operation.ts'
import { newestFirst, PAGE_SIZE } from '../present-vault.ts'

export default operation<'backup', 'ListRecoveryPointsByLegalHold'>({
  handle: async (ctx, input, call) => {
    const points = await pointsHeld(ctx, input.LegalHoldId!)
    const page = call.page(points, { key: newestFirst, defaultSize: PAGE_SIZE })
    return {
      RecoveryPoints: page.items.map((point) => ({
        RecoveryPointArn: pointArn(point),
        ResourceArn: point.resourceArn,
        ResourceType: point.resourceType,
        BackupVaultName: point.vaultName,
      })),
      NextToken: page.nextToken,
    }
  },
})
