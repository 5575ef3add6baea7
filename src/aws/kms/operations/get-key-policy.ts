/** GetKeyPolicy. */
import { keyFind } from '../../../app/kms/find.ts'
import { invalid } from '../../../app/kms/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'GetKeyPolicy'>({
  handle: async (ctx, input) => {
    const key = await keyFind(ctx, input.KeyId!)
    const { PolicyName: name = 'default' } = input
    if (name !== 'default') throw invalid(`A key has one policy, called default, not ${name}`)
    return { Policy: key.policy, PolicyName: name }
  },
})
