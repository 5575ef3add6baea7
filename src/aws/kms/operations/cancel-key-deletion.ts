/** CancelKeyDeletion: the key is disabled then. */
import { keyDeleteNot } from '../../../app/kms/keys.ts'
import { kmsKeyArn } from '../../../domain/kms.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'CancelKeyDeletion'>({
  handle: async (ctx, input) => ({ KeyId: kmsKeyArn(await keyDeleteNot(ctx, input.KeyId!)) }),
})
