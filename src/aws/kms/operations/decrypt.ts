/** Decrypt: the ciphertext names its key. */
import { decrypt } from '../../../app/kms/crypto.ts'
import { kmsKeyArn } from '../../../domain/kms.ts'
import { ALGORITHM, refuseOthers } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'Decrypt'>({
  handle: async (ctx, input) => {
    refuseOthers(input)
    const context = input.EncryptionContext ?? {}
    const { key, plaintext } = await decrypt(ctx, input.CiphertextBlob!, context, input.KeyId)
    return { Plaintext: plaintext, KeyId: kmsKeyArn(key), EncryptionAlgorithm: ALGORITHM }
  },
})
