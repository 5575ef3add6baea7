/** SSH public keys: whatever comes in is a key or null, never an exception. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sshKeyPairGenerate } from '../../../src/lib/ssh-private-key.ts'
import { sshPublicKeyLine, sshPublicKeyParse } from '../../../src/lib/ssh-public-key.ts'

describe('sshPublicKeyParse', () => {
  test('any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(sshPublicKeyParse(bytes)).toBeNull()
      }),
    )
  })

  test('a damaged key is a key of the same type or none', async () => {
    const { publicKey } = await sshKeyPairGenerate('rsa')
    const line = Buffer.from(sshPublicKeyLine(publicKey, 'me'))
    fc.assert(
      fc.property(fc.nat(line.length - 1), fc.nat(255), (at, byte) => {
        const damaged = Buffer.from(line)
        damaged[at] = byte
        const parsed = sshPublicKeyParse(damaged)
        if (parsed) expect(parsed.type).toBe('rsa')
      }),
    )
  })

  test('what it wrote, with windows line ends and without a comment', async () => {
    const { publicKey } = await sshKeyPairGenerate('ed25519')
    const line = sshPublicKeyLine(publicKey, 'a comment with spaces')
    for (const text of [line, `${line}\r\n`, line.split(' ').slice(0, 2).join(' ')]) {
      expect(sshPublicKeyParse(Buffer.from(text))?.blob.equals(publicKey.blob)).toBe(true)
    }
    expect(sshPublicKeyParse(Buffer.from(`${line}\n${line}`))).toBeNull()
    expect(sshPublicKeyParse(Buffer.from('x'.repeat(20_000)))).toBeNull()
  })

  test('a private key is refused', async () => {
    const { privateKey } = await sshKeyPairGenerate('rsa')
    const pem = privateKey.export({ type: 'pkcs1', format: 'pem' })
    expect(sshPublicKeyParse(Buffer.from(pem))).toBeNull()
  })
})
