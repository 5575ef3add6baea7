/** GetSSHPublicKey: in the form that is asked for. */
import { entityGet } from '../../../app/iam/entities.ts'
import { userKeyGet } from '../../../app/iam/user-keys.ts'
import { operation } from '../../operation.ts'
import { presentSshKey } from '../present-credentials.ts'

export default operation<'iam', 'GetSSHPublicKey'>({
  handle: async (ctx, input) => {
    const user = await entityGet(ctx, 'iamUser', input.UserName!)
    const found = await userKeyGet(ctx, 'ssh', user, input.SSHPublicKeyId!)
    return { SSHPublicKey: presentSshKey(user, found, input.Encoding) }
  },
})
