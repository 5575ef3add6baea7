/** ScheduleKeyDeletion: in 7 to 30 days everything that the key enciphered is lost. */
import { keyDeleteLater } from '../../../app/kms/keys.ts'
import { kmsKeyArn } from '../../../domain/kms.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'ScheduleKeyDeletion'>({
  handle: async (ctx, input) => {
    const days = input.PendingWindowInDays ?? 30
    const key = await keyDeleteLater(ctx, input.KeyId!, days)
    return {
      KeyId: kmsKeyArn(key),
      DeletionDate: new Date(key.deleteAt!),
      KeyState: key.state,
      PendingWindowInDays: days,
    }
  },
})
