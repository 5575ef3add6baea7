/** ReEncrypt: from one key and context to another, without showing what it is. */
import { decrypt, encrypt } from '../../../app/kms/crypto.ts'
import { kmsKeyArn } from '../../../domain/kms.ts'
import { ALGORITHM, refuseOthers } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'ReEncrypt'>({
  handle: async (ctx, input) => {
    refuseOthers(input)
    const { CiphertextBlob: blob, SourceKeyId, DestinationKeyId } = input
    const source = await decrypt(ctx, blob!, input.SourceEncryptionContext ?? {}, SourceKeyId)
    const context = input.DestinationEncryptionContext ?? {}
    const { key, ciphertext } = await encrypt(ctx, DestinationKeyId!, source.plaintext, context)
    return {
      CiphertextBlob: ciphertext,
      SourceKeyId: kmsKeyArn(source.key),
      KeyId: kmsKeyArn(key),
      SourceEncryptionAlgorithm: ALGORITHM,
      DestinationEncryptionAlgorithm: ALGORITHM,
    }
  },
})
