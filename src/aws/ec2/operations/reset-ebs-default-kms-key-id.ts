/** ResetEbsDefaultKmsKeyId: to the account's own key for volumes. */
import { encryptionDefaultKey, encryptionDefaultSet } from '../../../app/volumes/encryption.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'ResetEbsDefaultKmsKeyId'>({
  handle: async (ctx) => {
    await encryptionDefaultSet(ctx, { keyArn: null })
    return { KmsKeyId: await encryptionDefaultKey(ctx) }
  },
})
