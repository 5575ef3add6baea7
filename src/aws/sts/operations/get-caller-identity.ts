/** GetCallerIdentity: whose key signed this request. Needs no permission, as on AWS. */
import { operation } from '../../operation.ts'

export default operation<'sts', 'GetCallerIdentity'>({
  handle: ({ account, principal }) => ({
    UserId: principal.id,
    Account: account,
    Arn: principal.arn,
  }),
})
