/** UploadSSHPublicKey. */
import { entityGet } from '../../../app/iam/entities.ts'
import { userKeyUpload } from '../../../app/iam/user-keys.ts'
import { operation } from '../../operation.ts'
import { presentSshKey } from '../present-credentials.ts'

export default operation<'iam', 'UploadSSHPublicKey'>({
  handle: async (ctx, input) => {
    const user = await entityGet(ctx, 'iamUser', input.UserName!)
    const made = await userKeyUpload(ctx, 'ssh', user, input.SSHPublicKeyBody!)
    return { SSHPublicKey: presentSshKey(user, made) }
  },
})
