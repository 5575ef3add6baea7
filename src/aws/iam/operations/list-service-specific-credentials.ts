/** ListServiceSpecificCredentials: none, as nothing here makes one. Ansible asks before it removes a user. */
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'ListServiceSpecificCredentials'>({
  handle: async (ctx, input) => {
    if (!input.AllUsers) await userOrSelf(ctx, input.UserName)
    return { ServiceSpecificCredentials: [], IsTruncated: false }
  },
})
