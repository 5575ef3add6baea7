/** Encrypt up to 4 KiB. */
import { encrypt } from '../../../app/kms/crypto.ts'
import { kmsKeyArn } from '../../../domain/kms.ts'
import { ALGORITHM, refuseOthers } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'Encrypt'>({
  handle: async (ctx, input) => {
    refuseOthers(input)
    const context = input.EncryptionContext ?? {}
    const { key, ciphertext } = await encrypt(ctx, input.KeyId!, input.Plaintext!, context)
    return { CiphertextBlob: ciphertext, KeyId: kmsKeyArn(key), EncryptionAlgorithm: ALGORITHM }
  },
})
