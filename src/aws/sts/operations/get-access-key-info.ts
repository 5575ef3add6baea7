/** GetAccessKeyInfo: the account of an access key. The only key that a request proves to exist is its own. */
import { invalidValue } from '../../../domain/faults.ts'
import { operation } from '../../operation.ts'

export default operation<'sts', 'GetAccessKeyInfo'>({
  handle: ({ account, principal }, input) => {
    if (input.AccessKeyId === principal.accessKeyId) return { Account: account }
    throw invalidValue('AccessKeyId', input.AccessKeyId, 'no account here has this access key')
  },
})
