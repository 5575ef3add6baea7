/** SSH host keys for a guest, made by its host. A pair costs a millisecond here and half a second in emulation. */
import { generateKeyPair, randomBytes, type KeyObject } from 'node:crypto'
import { sshKeyPairGenerate, sshPrivateKeyPem } from '../lib/ssh-private-key.ts'
import type { LaunchHostKeys } from './launch-message.ts'

export async function hostKeysGenerate(hostName: string): Promise<LaunchHostKeys> {
  const [pair, ecdsa] = await Promise.all([sshKeyPairGenerate('ed25519'), ecdsaGenerate()])
  const jwk = pair.privateKey.export({ format: 'jwk' })
  return {
    ed25519: {
      seed: Buffer.from(jwk.d!, 'base64url'),
      point: Buffer.from(jwk.x!, 'base64url'),
      pem: sshPrivateKeyPem(pair, `root@${hostName}`, randomBytes(4)),
    },
    ecdsaPem: ecdsa.export({ type: 'sec1', format: 'pem' }) as string,
  }
}

function ecdsaGenerate(): Promise<KeyObject> {
  return new Promise((resolve, reject) => {
    generateKeyPair('ec', { namedCurve: 'P-256' }, (error, _publicKey, privateKey) =>
      error ? reject(error) : resolve(privateKey),
    )
  })
}
