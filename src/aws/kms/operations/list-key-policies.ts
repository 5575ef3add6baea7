/** ListKeyPolicies: there is one, `default`. */
import { keyFind } from '../../../app/kms/find.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'ListKeyPolicies'>({
  handle: async (ctx, input) => {
    await keyFind(ctx, input.KeyId!)
    return { PolicyNames: ['default'], Truncated: false }
  },
})
