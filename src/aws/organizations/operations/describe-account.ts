/** DescribeAccount. */
import { accountGet } from '../../../app/organisation/accounts.ts'
import { operation } from '../../operation.ts'
import { pathOf, presentAccount } from '../present.ts'

export default operation<'organizations', 'DescribeAccount'>({
  handle: async (ctx, input) => {
    const { organisation, account } = await accountGet(ctx, input.AccountId!)
    const Paths = [await pathOf(ctx, organisation, account)]
    return { Account: { ...presentAccount(organisation, account), Paths } }
  },
})
