/** GetEbsEncryptionByDefault. */
import { encryptionDefault } from '../../../app/volumes/encryption.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'GetEbsEncryptionByDefault'>({
  handle: async (ctx) => ({
    EbsEncryptionByDefault: (await encryptionDefault(ctx)).isEncrypted,
    SseType: 'sse-kms',
  }),
})
