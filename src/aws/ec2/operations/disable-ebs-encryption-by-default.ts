/** DisableEbsEncryptionByDefault, for the account in the region. */
import { encryptionDefaultSet } from '../../../app/volumes/encryption.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'DisableEbsEncryptionByDefault'>({
  handle: async (ctx) => {
    const { isEncrypted } = await encryptionDefaultSet(ctx, { isEncrypted: false })
    return { EbsEncryptionByDefault: isEncrypted }
  },
})
