/** ModifyEbsDefaultKmsKeyId: the key for volumes that name none. */
import { encryptionDefaultSet, keyNamed } from '../../../app/volumes/encryption.ts'
import { kmsKeyArn } from '../../../domain/kms.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ModifyEbsDefaultKmsKeyId'>({
  check: async (ctx, input) => {
    await keyNamed(ctx, input.KmsKeyId!, ctx.app.store)
  },
  handle: async (ctx, input) => {
    const keyArn = kmsKeyArn(await keyNamed(ctx, input.KmsKeyId!, ctx.app.store))
    await encryptionDefaultSet(ctx, { keyArn })
    return { KmsKeyId: keyArn }
  },
})
