/** GetKeyRotationStatus. */
import { keyFind } from '../../../app/kms/find.ts'
import { kmsKeyArn } from '../../../domain/kms.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'GetKeyRotationStatus'>({
  handle: async (ctx, input) => {
    const key = await keyFind(ctx, input.KeyId!)
    const { isEnabled, periodDays, nextAt } = key.rotation
    return {
      KeyId: kmsKeyArn(key),
      KeyRotationEnabled: isEnabled,
      RotationPeriodInDays: isEnabled ? periodDays : undefined,
      NextRotationDate: nextAt === null ? undefined : new Date(nextAt),
    }
  },
})
