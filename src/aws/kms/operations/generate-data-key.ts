/** GenerateDataKey: for use, and enciphered to be kept. */
import { encrypt } from '../../../app/kms/crypto.ts'
import { kmsKeyArn } from '../../../domain/kms.ts'
import { dataKeyBytes, refuseOthers } from '../present.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'GenerateDataKey'>({
  handle: async (ctx, input) => {
    refuseOthers(input)
    const plaintext = ctx.app.random.bytes(dataKeyBytes(input))
    const context = input.EncryptionContext ?? {}
    const { key, ciphertext } = await encrypt(ctx, input.KeyId!, plaintext, context)
    return { CiphertextBlob: ciphertext, Plaintext: plaintext, KeyId: kmsKeyArn(key) }
  },
})
