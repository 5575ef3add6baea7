/**
 * A key that is made for one shell in the browser and lent to the machine for a minute (EC2 Instance Connect): nobody
 * else ever has its private half, and the permission is the one that the shell needs anyway.
 */
import { connectKeySend } from '../../app/instances/connect-keys.ts'
import type { Ctx } from '../../app/context.ts'
import type { InstanceId } from '../../domain/ids.ts'
import { sshKeyPairGenerate, sshPrivateKeyPem } from '../../lib/ssh-private-key.ts'
import { sshPublicKeyLine } from '../../lib/ssh-public-key.ts'

const COMMENT = 'console'

/** The private half. @throws Faults of EC2 Instance Connect. */
export async function keyLent(ctx: Ctx, instanceId: InstanceId, user: string): Promise<string> {
  const pair = await sshKeyPairGenerate('ed25519')
  const line = sshPublicKeyLine(pair.publicKey, '').trimEnd()
  await connectKeySend(ctx, { instanceId, user, line, zone: null })
  return sshPrivateKeyPem(pair, COMMENT, Buffer.from(ctx.app.random.bytes(4)))
}
