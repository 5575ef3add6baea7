/**
 * New SSH key pairs and their private halves as files: PKCS#1 PEM for RSA, OpenSSH's own format for Ed25519 (as EC2
 * answers them), PuTTY's format 2 for both. Unencrypted: who receives the file protects it.
 */
import { createHash, createHmac, generateKeyPair, type KeyObject } from 'node:crypto'
import { fromKeyObject, sshInteger, sshString, type SshPublicKey } from './ssh-public-key.ts'

export interface SshKeyPair {
  publicKey: SshPublicKey
  privateKey: KeyObject
}

/** EC2's size for the RSA keys it makes. */
const RSA_BITS = 2048

export async function sshKeyPairGenerate(type: 'rsa' | 'ed25519'): Promise<SshKeyPair> {
  const pair = await generate(type)
  return { publicKey: fromKeyObject(pair.publicKey), privateKey: pair.privateKey }
}

function generate(
  type: 'rsa' | 'ed25519',
): Promise<{ publicKey: KeyObject; privateKey: KeyObject }> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, publicKey: KeyObject, privateKey: KeyObject): void =>
      error ? reject(error) : resolve({ publicKey, privateKey })
    if (type === 'rsa') generateKeyPair('rsa', { modulusLength: RSA_BITS }, done)
    else generateKeyPair('ed25519', {}, done)
  })
}

/** `checkBytes`: four random bytes by which OpenSSH tells a wrong passphrase. */
export function sshPrivateKeyPem(pair: SshKeyPair, comment: string, checkBytes: Buffer): string {
  if (pair.publicKey.type === 'rsa') {
    return pair.privateKey.export({ type: 'pkcs1', format: 'pem' }) as string
  }
  const jwk = pair.privateKey.export({ format: 'jwk' })
  const seed = Buffer.from(jwk.d!, 'base64url')
  const point = Buffer.from(jwk.x!, 'base64url')
  const check = checkBytes.subarray(0, 4)
  const secret = Buffer.concat([
    check,
    check,
    sshString('ssh-ed25519'),
    sshString(point),
    sshString(Buffer.concat([seed, point])),
    sshString(comment),
  ])
  // Padded to the cipher's block (8 for none) with 1, 2, 3, … (openssh PROTOCOL.key).
  const padding = Buffer.from([1, 2, 3, 4, 5, 6, 7]).subarray(0, (8 - (secret.length % 8)) % 8)
  const count = Buffer.from([0, 0, 0, 1])
  const file = Buffer.concat([
    Buffer.from('openssh-key-v1\0', 'latin1'),
    sshString('none'),
    sshString('none'),
    sshString(''),
    count,
    sshString(pair.publicKey.blob),
    sshString(Buffer.concat([secret, padding])),
  ])
  const body = lines(file.toString('base64'), 70).join('\n')
  return `-----BEGIN OPENSSH PRIVATE KEY-----\n${body}\n-----END OPENSSH PRIVATE KEY-----\n`
}

/** PuTTY-User-Key-File-2, which every PuTTY since 2002 reads. Format: PuTTY manual, appendix C. */
export function sshPrivateKeyPpk(pair: SshKeyPair, comment: string): string {
  const algorithm = pair.publicKey.type === 'rsa' ? 'ssh-rsa' : 'ssh-ed25519'
  const jwk = pair.privateKey.export({ format: 'jwk' })
  const field = (value: string | undefined): Buffer => Buffer.from(value!, 'base64url')
  const secret =
    pair.publicKey.type === 'rsa'
      ? Buffer.concat([jwk.d, jwk.p, jwk.q, jwk.qi].map((value) => sshInteger(field(value))))
      : sshString(field(jwk.d))
  const macKey = createHash('sha1').update('putty-private-key-file-mac-key').digest()
  const mac = createHmac('sha1', macKey)
  for (const part of [algorithm, 'none', comment, pair.publicKey.blob, secret]) {
    mac.update(sshString(part))
  }
  const publicLines = lines(pair.publicKey.blob.toString('base64'), 64)
  const privateLines = lines(secret.toString('base64'), 64)
  return [
    `PuTTY-User-Key-File-2: ${algorithm}`,
    'Encryption: none',
    `Comment: ${comment}`,
    `Public-Lines: ${publicLines.length}`,
    ...publicLines,
    `Private-Lines: ${privateLines.length}`,
    ...privateLines,
    `Private-MAC: ${mac.digest('hex')}`,
    '',
  ].join('\r\n')
}

function lines(text: string, width: number): string[] {
  return text.match(new RegExp(`.{1,${width}}`, 'g')) ?? []
}
