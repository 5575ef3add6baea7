/** EnableEbsEncryptionByDefault, for the account in the region. */
import { encryptionDefaultSet } from '../../../app/volumes/encryption.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'EnableEbsEncryptionByDefault'>({
  handle: async (ctx) => {
    const { isEncrypted } = await encryptionDefaultSet(ctx, { isEncrypted: true })
    return { EbsEncryptionByDefault: isEncrypted }
  },
})
