/** DeleteSSHPublicKey. */
import { entityGet } from '../../../app/iam/entities.ts'
import { userKeyRemove } from '../../../app/iam/user-keys.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'DeleteSSHPublicKey'>({
  handle: async (ctx, input) => {
    const user = await entityGet(ctx, 'iamUser', input.UserName!)
    await userKeyRemove(ctx, 'ssh', user, input.SSHPublicKeyId!)
    return {}
  },
})
