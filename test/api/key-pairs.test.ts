/** Key pairs by the SDK; fingerprints and files are checked by OpenSSH's and OpenSSL's own programs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  CreateKeyPairCommand,
  DeleteKeyPairCommand,
  DescribeKeyPairsCommand,
  ImportKeyPairCommand,
} from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exec } from '../../src/lib/exec.ts'
import { codeOf, startTestCloud, type TestCloud } from '../support/cloud.ts'

let cloud: TestCloud
let folder: string

beforeAll(async () => {
  cloud = await startTestCloud()
  folder = await mkdtemp(join(tmpdir(), 'brume-keys-'))
})

afterAll(async () => {
  await cloud.close()
  await rm(folder, { recursive: true })
})

async function fileOf(name: string, content: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content, { mode: 0o600 })
  return path
}

async function run(command: string, ...args: string[]): Promise<string> {
  return (await exec(command, args)).stdout.trim()
}

const create = (KeyName: string, more: object = {}) =>
  cloud.ec2.send(new CreateKeyPairCommand({ KeyName, ...more }))
const importKey = (KeyName: string, material: string, more: object = {}) =>
  cloud.ec2.send(
    new ImportKeyPairCommand({ KeyName, PublicKeyMaterial: Buffer.from(material), ...more }),
  )
const find = async (input: object) =>
  (await cloud.ec2.send(new DescribeKeyPairsCommand(input))).KeyPairs!

/** ssh-keygen's SHA-256 in AWS's spelling: padded, without `SHA256:`. */
async function sha256Of(path: string): Promise<string> {
  const [, fingerprint] = (await run('ssh-keygen', '-l', '-f', path)).split(' ')
  return `${fingerprint!.slice('SHA256:'.length)}=`
}

describe('CreateKeyPair', () => {
  test('RSA: a PKCS#1 file, and the SHA-1 of its PKCS#8 form', async () => {
    const made = await create('made-rsa')
    expect(made.KeyMaterial).toMatch(/^-----BEGIN RSA PRIVATE KEY-----\n/)
    expect(made.KeyPairId).toMatch(/^key-[0-9a-f]{17}$/)
    const path = await fileOf('made-rsa', made.KeyMaterial!)
    const der = join(folder, 'made-rsa.der')
    await run('openssl', 'pkcs8', '-in', path, '-topk8', '-nocrypt', '-outform', 'DER', '-out', der)
    const digest = await run('openssl', 'sha1', '-c', der)
    expect(digest.endsWith(`= ${made.KeyFingerprint}`)).toBe(true)
    const [described] = await find({ KeyNames: ['made-rsa'], IncludePublicKey: true })
    expect(described).toMatchObject({ KeyType: 'rsa', KeyFingerprint: made.KeyFingerprint })
    expect(described!.PublicKey).toBe(`${await run('ssh-keygen', '-y', '-f', path)} made-rsa`)
  })

  test('Ed25519: a file that ssh-keygen reads, and its SHA-256', async () => {
    const made = await create('made ed', { KeyType: 'ed25519' })
    const path = await fileOf('made-ed', made.KeyMaterial!)
    expect(await sha256Of(path)).toBe(made.KeyFingerprint)
    const [described] = await find({ KeyPairIds: [made.KeyPairId], IncludePublicKey: true })
    expect(await run('ssh-keygen', '-y', '-f', path)).toBe(described!.PublicKey)
  })

  test.each(['rsa', 'ed25519'])('%s for PuTTY', async (KeyType) => {
    const made = await create(`putty-${KeyType}`, { KeyType, KeyFormat: 'ppk' })
    expect(made.KeyMaterial).toMatch(/^PuTTY-User-Key-File-2: ssh-.*\r\nEncryption: none\r\n/)
    expect(made.KeyMaterial).toMatch(/\r\nPrivate-MAC: [0-9a-f]{40}\r\n$/)
  })

  test('takes tags, refuses a second of the name and bad names', async () => {
    const TagSpecifications = [{ ResourceType: 'key-pair', Tags: [{ Key: 'team', Value: 'a' }] }]
    const made = await create('tagged', { KeyType: 'ed25519', TagSpecifications })
    expect(made.Tags).toEqual([{ Key: 'team', Value: 'a' }])
    expect(await codeOf(create('tagged'))).toBe('InvalidKeyPair.Duplicate')
    expect(await codeOf(create('tagged', { DryRun: true }))).toBe('InvalidKeyPair.Duplicate')
    expect(await codeOf(create('free', { DryRun: true }))).toBe('DryRunOperation')
    expect(await codeOf(create('x'.repeat(256)))).toBe('InvalidParameterValue')
    expect(await codeOf(create(' x'))).toBe('InvalidParameterValue')
    expect(await codeOf(create('naïve'))).toBe('InvalidParameterValue')
    const wrong = [{ ResourceType: 'instance', Tags: [{ Key: 'a', Value: 'b' }] }]
    expect(await codeOf(create('y', { TagSpecifications: wrong }))).toBe('InvalidParameterValue')
    const twice = await Promise.allSettled([
      create('race', { KeyType: 'ed25519' }),
      create('race', { KeyType: 'ed25519' }),
    ])
    expect(twice.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected'])
  })
})

describe('ImportKeyPair', () => {
  async function generated(name: string, ...args: string[]): Promise<string> {
    const path = join(folder, name)
    await run('ssh-keygen', '-q', '-N', '', '-C', 'someone@host', '-f', path, ...args)
    return path
  }

  test.each(['1024', '2048', '4096'])('RSA of %s bits in every form', async (bits) => {
    const path = await generated(`rsa-${bits}`, '-t', 'rsa', '-b', bits)
    const der = join(folder, `rsa-${bits}.der`)
    await run('openssl', 'rsa', '-in', path, '-pubout', '-outform', 'DER', '-out', der).catch(
      // OpenSSH's own private format is none of OpenSSL's.
      async () => {
        const pem = await fileOf(
          `${bits}.pem`,
          await run('ssh-keygen', '-e', '-m', 'PKCS8', '-f', path),
        )
        await run('openssl', 'pkey', '-pubin', '-in', pem, '-outform', 'DER', '-out', der)
      },
    )
    const md5 = (await run('openssl', 'md5', '-c', der)).split('= ')[1]
    const forms = {
      openssh: await run('cat', `${path}.pub`),
      rfc4716: await run('ssh-keygen', '-e', '-m', 'RFC4716', '-f', path),
      der: await run('base64', '-w', '76', der),
    }
    for (const [form, material] of Object.entries(forms)) {
      const imported = await importKey(`rsa-${bits}-${form}`, material)
      expect(imported.KeyFingerprint, form).toBe(md5)
    }
    const [described] = await find({ KeyNames: [`rsa-${bits}-der`], IncludePublicKey: true })
    const [algorithm, blob] = forms.openssh.split(' ')
    expect(described!.PublicKey).toBe(`${algorithm} ${blob} rsa-${bits}-der`)
  })

  test('Ed25519', async () => {
    const path = await generated('ed', '-t', 'ed25519')
    const imported = await importKey('ed', await run('cat', `${path}.pub`))
    expect(imported.KeyFingerprint).toBe(await sha256Of(path))
    const rfc4716 = await run('ssh-keygen', '-e', '-m', 'RFC4716', '-f', path)
    const again = await importKey('ed-rfc4716', rfc4716)
    expect(again.KeyFingerprint).toBe(imported.KeyFingerprint)
    expect((await find({ KeyNames: ['ed'] }))[0]).toMatchObject({ KeyType: 'ed25519' })
  })

  test('refuses what is no such key', async () => {
    const ecdsa = await generated('ecdsa', '-t', 'ecdsa')
    const odd = await generated('odd', '-t', 'rsa', '-b', '3072')
    const bad = [
      await run('cat', `${ecdsa}.pub`),
      await run('cat', `${odd}.pub`),
      'ssh-ed25519 AAAA',
      'ssh-rsa AAAAC3NzaC1lZDI1NTE5AAAAIKMZzRdrcHTuCPoaFy36MPr5IW/hnImlse/OBOn6udL/',
      'hello',
      await run('cat', odd),
    ]
    for (const material of bad) {
      expect(await codeOf(importKey('bad', material)), material).toBe('InvalidKey.Format')
    }
    expect(await codeOf(importKey('bad', ''))).toMatch(/^(InvalidKey.Format|MissingParameter)$/)
  })
})

describe('DescribeKeyPairs and DeleteKeyPair', () => {
  test('filters, names and ids', async () => {
    const TagSpecifications = [{ ResourceType: 'key-pair', Tags: [{ Key: 'env', Value: 'x' }] }]
    const one = await create('find-1', { KeyType: 'ed25519', TagSpecifications })
    await create('find-2', { KeyType: 'ed25519' })
    const names = async (input: object) => (await find(input)).map((pair) => pair.KeyName).sort()
    const filter = (Name: string, ...Values: string[]) => ({ Filters: [{ Name, Values }] })
    expect(await names(filter('key-name', 'find-*'))).toEqual(['find-1', 'find-2'])
    expect(await names(filter('fingerprint', one.KeyFingerprint!))).toEqual(['find-1'])
    expect(await names(filter('key-pair-id', one.KeyPairId!))).toEqual(['find-1'])
    expect(await names(filter('tag:env', 'x'))).toEqual(['find-1'])
    expect(await names(filter('tag-key', 'env'))).toEqual(['find-1'])
    expect((await find({ KeyNames: ['find-1'] }))[0]!.PublicKey).toBeUndefined()
    expect(await codeOf(find({ KeyNames: ['nobody'] }))).toBe('InvalidKeyPair.NotFound')
    const unknown = { KeyPairIds: ['key-00000000000000000'] }
    expect(await codeOf(find(unknown))).toBe('InvalidKeyPair.NotFound')
    expect(await codeOf(find({ KeyPairIds: ['bad'] }))).toBe('InvalidParameterValue')
    const stranger = cloud.ec2Of({ account: '999900001111' })
    expect((await stranger.send(new DescribeKeyPairsCommand({}))).KeyPairs).toEqual([])
  })

  test('deleting is idempotent', async () => {
    const remove = (input: object) => cloud.ec2.send(new DeleteKeyPairCommand(input))
    const byName = await create('gone-1', { KeyType: 'ed25519' })
    const byId = await create('gone-2', { KeyType: 'ed25519' })
    const deleted = await remove({ KeyName: 'gone-1' })
    expect(deleted).toMatchObject({ Return: true, KeyPairId: byName.KeyPairId })
    expect(await remove({ KeyPairId: byId.KeyPairId })).toMatchObject({ KeyPairId: byId.KeyPairId })
    const again = await remove({ KeyName: 'gone-1' })
    expect(again.Return).toBe(true)
    expect(again.KeyPairId).toBeUndefined()
    expect(await codeOf(remove({}))).toBe('MissingParameter')
    expect(await codeOf(find({ KeyNames: ['gone-1'] }))).toBe('InvalidKeyPair.NotFound')
  })
})
