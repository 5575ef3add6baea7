/** RotateKeyOnDemand: new material now; what the old one enciphered is still deciphered. */
import { keyRotateNow } from '../../../app/kms/keys.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'RotateKeyOnDemand'>({
  handle: async (ctx, input) => ({ KeyId: (await keyRotateNow(ctx, input.KeyId!)).id }),
})
