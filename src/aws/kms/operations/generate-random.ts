/** GenerateRandom. */
import { invalid, unsupported } from '../../../app/kms/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'GenerateRandom'>({
  handle: async (ctx, input) => {
    if (input.CustomKeyStoreId || input.Recipient) throw unsupported('a custom key store')
    if (input.NumberOfBytes === undefined) throw invalid('NumberOfBytes is required')
    return { Plaintext: ctx.app.random.bytes(input.NumberOfBytes) }
  },
})
