/** UpdateAccessKey. */
import { accessKeyStatus } from '../../../app/iam/access-keys.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UpdateAccessKey'>({
  handle: async (ctx, input) => {
    const user = await userOrSelf(ctx, input.UserName)
    await accessKeyStatus(ctx, user, input.AccessKeyId!, input.Status === 'Active')
    return {}
  },
})
