/** SendSSHPublicKey: for a minute the key lets its owner into the machine, as one of the machine's users. */
import { connectFault, connectKeySend } from '../../../app/instances/connect-keys.ts'
import { sshPublicKeyLine, sshPublicKeyParse } from '../../../lib/ssh-public-key.ts'
import { operation } from '../../operation.ts'

/** API reference: "RSA keys of 2048 and 4096 bits, and Ed25519". */
const RSA_BITS: readonly number[] = [2048, 4096]

export default operation<'ec2-instance-connect', 'SendSSHPublicKey'>({
  handle: async (ctx, input) => {
    await connectKeySend(ctx, {
      instanceId: input.InstanceId,
      user: input.InstanceOSUser,
      line: lineOf(input.SSHPublicKey),
      zone: input.AvailabilityZone ?? null,
    })
    return { RequestId: ctx.requestId, Success: true }
  },
})

/** Without its comment: a guest puts the line into a file. */
function lineOf(text: string): string {
  const key = sshPublicKeyParse(Buffer.from(text, 'utf8'))
  if (!key) throw connectFault('InvalidArgsException', 'SSHPublicKey is no RSA or Ed25519 key.')
  if (key.type === 'rsa' && !RSA_BITS.includes(key.bits)) {
    const why = `RSA keys have ${RSA_BITS.join(' or ')} bits, not ${key.bits}.`
    throw connectFault('InvalidArgsException', why)
  }
  return sshPublicKeyLine(key, '').trimEnd()
}
