/** GetAccessKeyInfo: the account of an access key: it is part of the id, but for the first account's root key. */
import { invalidValue } from '../../../domain/faults.ts'
import { accountOfAccessKeyId } from '../../../domain/iam/ids.ts'
import { operation } from '../../operation.ts'

export default operation<'sts', 'GetAccessKeyInfo'>({
  handle: async ({ account, principal, app }, input) => {
    const id = input.AccessKeyId!
    if (id === principal.accessKeyId) return { Account: account }
    const key = await app.store.get('iamAccessKey', id)
    const found = key?.account ?? (id.startsWith('ASIA') ? accountOfAccessKeyId(id) : undefined)
    if (found !== undefined) return { Account: found }
    throw invalidValue('AccessKeyId', id, 'no account here has this access key')
  },
})
