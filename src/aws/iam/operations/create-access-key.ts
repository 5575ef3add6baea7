/** CreateAccessKey: the only answer that has the secret. */
import { accessKeyCreate } from '../../../app/iam/access-keys.ts'
import { userOrSelf } from '../../../app/iam/users.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'CreateAccessKey'>({
  handle: async (ctx, input) => {
    const { key, secret } = await accessKeyCreate(ctx, await userOrSelf(ctx, input.UserName))
    return {
      AccessKey: {
        UserName: key.userName,
        AccessKeyId: key.id,
        Status: 'Active' as const,
        SecretAccessKey: secret,
        CreateDate: new Date(key.createdAt),
      },
    }
  },
})
