/** EnableKeyRotation. */
import { keyRotationSet } from '../../../app/kms/keys.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'EnableKeyRotation'>({
  handle: async (ctx, input) => {
    await keyRotationSet(ctx, input.KeyId!, input.RotationPeriodInDays ?? 365)
    return {}
  },
})
