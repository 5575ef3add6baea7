/** ListGrants: none, as nothing here makes one (CreateGrant is not served). Ansible's kms_key asks for them. */
import { keyFind } from '../../../app/kms/find.ts'
import { operation } from '../../operation.ts'

export default operation<'kms', 'ListGrants'>({
  handle: async (ctx, input) => {
    await keyFind(ctx, input.KeyId!)
    return { Grants: [], Truncated: false }
  },
})
