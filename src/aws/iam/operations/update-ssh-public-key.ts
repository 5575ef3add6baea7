/** UpdateSSHPublicKey. */
import { entityGet } from '../../../app/iam/entities.ts'
import { userKeyStatus } from '../../../app/iam/user-keys.ts'
import { operation } from '../../operation.ts'

export default operation<'iam', 'UpdateSSHPublicKey'>({
  handle: async (ctx, input) => {
    const user = await entityGet(ctx, 'iamUser', input.UserName!)
    await userKeyStatus(ctx, 'ssh', user, input.SSHPublicKeyId!, input.Status === 'Active')
    return {}
  },
})
