/** DescribeCreateAccountStatus. */
import { requestGet } from '../../../app/organisation/accounts.ts'
import { operation } from '../../operation.ts'
import { presentRequest } from '../present.ts'

export default operation<'organizations', 'DescribeCreateAccountStatus'>({
  handle: async (ctx, input) => ({
    CreateAccountStatus: presentRequest(await requestGet(ctx, input.CreateAccountRequestId!)),
  }),
})
