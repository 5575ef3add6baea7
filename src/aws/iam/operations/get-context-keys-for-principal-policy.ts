/** GetContextKeysForPrincipalPolicy. */
import { operation } from '../../operation.ts'
import { contextKeysOfPrincipal } from '../simulate.ts'

export default operation<'iam', 'GetContextKeysForPrincipalPolicy'>({
  handle: async (ctx, input) => ({
    ContextKeyNames: await contextKeysOfPrincipal(
      ctx,
      input.PolicySourceArn!,
      input.PolicyInputList,
    ),
  }),
})
