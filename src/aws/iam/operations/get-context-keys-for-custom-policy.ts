/** GetContextKeysForCustomPolicy. */
import { operation } from '../../operation.ts'
import { contextKeysOfCustom } from '../simulate.ts'

export default operation<'iam', 'GetContextKeysForCustomPolicy'>({
  handle: async (_ctx, input) => ({ ContextKeyNames: contextKeysOfCustom(input.PolicyInputList!) }),
})
