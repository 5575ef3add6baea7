/** The identity document's signatures, verified as AWS's user guide says to: with the `openssl` program. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  identityCms,
  identityDocument,
  identitySignature,
} from '../../../src/aws/imds/identity-document.ts'
import { identityKeysOf, type IdentityKeys } from '../../../src/aws/imds/identity-keys.ts'
import { exec } from '../../../src/lib/exec.ts'
import { systemClock } from '../../../src/lib/time.ts'
import { metadataView } from '../../support/metadata.ts'

const services = { clock: systemClock, random: { bytes: randomBytes } }
const document = identityDocument(metadataView())
let folder: string
let keys: IdentityKeys

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-identity-'))
  keys = await identityKeysOf(folder, services)
})

afterAll(() => rm(folder, { recursive: true }))

const file = async (name: string, content: string) => {
  await writeFile(join(folder, name), content)
  return join(folder, name)
}
const openssl = async (...args: string[]) => (await exec('openssl', args)).stdout

test('the document reads as AWS writes it', () => {
  expect(document).toMatchInlineSnapshot(`
    "{
      "accountId" : "111122223333",
      "architecture" : "x86_64",
      "availabilityZone" : "us-east-1b",
      "billingProducts" : null,
      "devpayProductCodes" : null,
      "marketplaceProductCodes" : null,
      "imageId" : "ami-0123456789abcdef0",
      "instanceId" : "i-0123456789abcdef0",
      "instanceType" : "t3.micro",
      "kernelId" : null,
      "pendingTime" : "2026-01-02T03:04:05Z",
      "privateIp" : "10.0.0.5",
      "ramdiskId" : null,
      "region" : "us-east-1",
      "version" : "2017-09-30"
    }"
  `)
})

test('keys are made once, for their owner only', async () => {
  const again = await identityKeysOf(folder, services)
  expect(again.certificatePem).toBe(keys.certificatePem)
  expect((await stat(join(folder, 'instance-identity.json'))).mode & 0o777).toBe(0o600)
  expect(await readFile(join(folder, 'instance-identity.pem'), 'utf8')).toBe(keys.certificatePem)
})

test('the certificate is a sound self-signed one', async () => {
  const certificate = join(folder, 'instance-identity.pem')
  expect(await openssl('verify', '-CAfile', certificate, certificate)).toContain(': OK')
  const text = await openssl('x509', '-in', certificate, '-noout', '-text')
  expect(text).toContain('Version: 3 (0x2)')
  expect(text).toContain('CA:FALSE')
  expect(text).toContain('Not After : ')
})

test('signature: RSA-SHA256 over the document', async () => {
  const signature = join(folder, 'signature')
  await writeFile(signature, Buffer.from(identitySignature(document, keys), 'base64'))
  const certificate = join(folder, 'instance-identity.pem')
  const publicKey = await file(
    'key.pub',
    await openssl('x509', '-in', certificate, '-pubkey', '-noout'),
  )
  const path = await file('document', document)
  const verify = ['dgst', '-sha256', '-verify', publicKey, '-signature', signature]
  expect(await openssl(...verify, path)).toContain('Verified OK')
  await expect(openssl(...verify, await file('other', `${document} `))).rejects.toThrow()
})

test('pkcs7 and rsa2048: a CMS message with the document in it', async () => {
  const cms = identityCms(document, keys, metadataView().launchedAt)
  expect(cms.split('\n').every((line) => line.length <= 76)).toBe(true)
  const pem = await file('pkcs7', `-----BEGIN PKCS7-----\n${cms}\n-----END PKCS7-----\n`)
  const certificate = join(folder, 'instance-identity.pem')
  const verify = ['smime', '-verify', '-in', pem, '-inform', 'PEM', '-noverify']
  expect(await openssl(...verify, '-certfile', certificate)).toBe(document)
  const content = ['-content', await file('document', document)]
  expect(await openssl(...verify, ...content, '-certfile', certificate)).toBe(document)
  expect(
    await openssl(
      'cms',
      '-verify',
      '-in',
      pem,
      '-inform',
      'PEM',
      '-noverify',
      '-certfile',
      certificate,
    ),
  ).toBe(document)
  const chain = ['-CAfile', certificate, '-purpose', 'any', '-certfile', certificate]
  expect(await openssl('smime', '-verify', '-in', pem, '-inform', 'PEM', ...chain)).toBe(document)
  const broken = Buffer.from(cms, 'base64')
  broken[broken.length - 5]! ^= 1
  const bad = await file('bad', broken.toString('base64'))
  const badPem = await file(
    'bad',
    `-----BEGIN PKCS7-----\n${await readFile(bad, 'utf8')}\n-----END PKCS7-----\n`,
  )
  await expect(
    openssl(
      'smime',
      '-verify',
      '-in',
      badPem,
      '-inform',
      'PEM',
      '-noverify',
      '-certfile',
      certificate,
    ),
  ).rejects.toThrow()
})
