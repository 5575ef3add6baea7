/** GetAccountSummary. */
import { accountSummary } from '../../../app/iam/account.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'GetAccountSummary'>({
  handle: async (ctx) => ({ SummaryMap: await accountSummary(ctx) }),
})
