/** Host keys made by the host: SSH's own tools and OpenSSL read them, and dropbear's halves are of the same pair. */
import { createPrivateKey, createPublicKey } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hostKeysGenerate } from '../../../src/agent/host-keys.ts'
import { exec } from '../../../src/lib/exec.ts'
import { fromKeyObject, sshPublicKeyLine } from '../../../src/lib/ssh-public-key.ts'

const NAME = 'ip-172-31-0-5.ec2.internal'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-host-keys-'))
})
afterAll(() => rm(folder, { recursive: true }))

/** The public half, as OpenSSH finds it in a private key's file. */
async function publicLine(pem: string): Promise<string> {
  const path = join(folder, 'key')
  await writeFile(path, pem, { mode: 0o600 })
  try {
    return (await exec('ssh-keygen', ['-y', '-f', path])).stdout.trim()
  } finally {
    await rm(path)
  }
}

test('OpenSSH reads the Ed25519 key and finds the point that dropbear is given', async () => {
  const { ed25519 } = await hostKeysGenerate(NAME)
  expect([ed25519.seed.length, ed25519.point.length]).toEqual([32, 32])
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: ed25519.point.toString('base64url') }
  const point = createPublicKey({ key: jwk, format: 'jwk' })
  expect(await publicLine(ed25519.pem)).toBe(
    sshPublicKeyLine(fromKeyObject(point), `root@${NAME}`).trim(),
  )
  // And the seed is the point's: the public half follows from it.
  const secret = createPrivateKey({
    key: { ...jwk, d: ed25519.seed.toString('base64url') },
    format: 'jwk',
  })
  expect(createPublicKey(secret).export({ format: 'jwk' }).x).toBe(jwk.x)
})

test('OpenSSH and OpenSSL read the ECDSA key: P-256, whole', async () => {
  const { ecdsaPem } = await hostKeysGenerate(NAME)
  expect(await publicLine(ecdsaPem)).toMatch(/^ecdsa-sha2-nistp256 /)
  const path = join(folder, 'ec')
  await writeFile(path, ecdsaPem)
  const { stdout } = await exec('openssl', ['ec', '-in', path, '-noout', '-check', '-text'])
  expect(stdout).toContain('prime256v1')
})

test('no two calls make the same keys', async () => {
  const made = await Promise.all(Array.from({ length: 20 }, () => hostKeysGenerate(NAME)))
  expect(new Set(made.map(({ ed25519 }) => ed25519.seed.toString('hex'))).size).toBe(20)
  expect(new Set(made.map(({ ecdsaPem }) => ecdsaPem)).size).toBe(20)
})
