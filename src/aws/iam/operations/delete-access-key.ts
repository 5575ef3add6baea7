/** DeleteAccessKey. */
import { accessKeyRemove } from '../../../app/iam/access-keys.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteAccessKey'>({
  handle: async (ctx, input) => {
    await accessKeyRemove(ctx, await userOrSelf(ctx, input.UserName), input.AccessKeyId!)
    return {}
  },
})
