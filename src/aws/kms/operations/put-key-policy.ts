/** PutKeyPolicy: who may use the key, besides or instead of IAM's policies. */
import { keyPolicyPut } from '../../../app/kms/keys.ts'
import { invalid } from '../../../app/kms/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'PutKeyPolicy'>({
  handle: async (ctx, input) => {
    const { PolicyName: name = 'default', BypassPolicyLockoutSafetyCheck: mayLockOut } = input
    if (name !== 'default') throw invalid(`A key has one policy, called default, not ${name}`)
    await keyPolicyPut(ctx, input.KeyId!, input.Policy!, mayLockOut ?? false)
    return {}
  },
})
