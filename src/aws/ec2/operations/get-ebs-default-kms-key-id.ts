/** GetEbsDefaultKmsKeyId: the account's own key for volumes unless another was chosen. */
import { encryptionDefault } from '../../../app/volumes/encryption.ts'
import { operation } from '../../operation.ts'

export default operation<'ec2', 'GetEbsDefaultKmsKeyId'>({
  handle: async (ctx) => ({ KmsKeyId: (await encryptionDefault(ctx)).keyArn ?? 'alias/aws/ebs' }),
})
