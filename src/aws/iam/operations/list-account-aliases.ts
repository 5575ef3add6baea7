/** ListAccountAliases. */
import { accountOf } from '../../../app/iam/account.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'ListAccountAliases'>({
  handle: async (ctx) => {
    const { alias } = await accountOf(ctx)
    return { AccountAliases: alias === null ? [] : [alias], IsTruncated: false }
  },
})
