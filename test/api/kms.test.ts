/** KMS through the SDK: keys, aliases, ciphertexts, policies, rotation, the end of a key. */
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DeleteAliasCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  DisableKeyRotationCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateRandomCommand,
  GetKeyPolicyCommand,
  GetKeyRotationStatusCommand,
  ListAliasesCommand,
  ListKeyPoliciesCommand,
  ListKeyRotationsCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  ReEncryptCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
  type KMSClient,
} from '@aws-sdk/client-kms'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keysReconcile } from '../../src/app/reconcilers/keys.ts'
import { systemClock } from '../../src/lib/time.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { nameOf } from '../support/code-of.ts'
import { allow, document, failureOf, userMake } from '../support/iam.ts'
import { PutUserPolicyCommand } from '@aws-sdk/client-iam'

const DAY_MS = 86_400_000
let nowOffset = 0
let cloud: TestCloud
let kms: KMSClient
beforeAll(async () => {
  const clock = { ...systemClock, now: () => Date.now() + nowOffset }
  cloud = await startTestCloud({ clock })
  kms = cloud.kmsOf()
})
afterAll(() => cloud.close())

const make = async (input = {}) => (await kms.send(new CreateKeyCommand(input))).KeyMetadata!
const secret = Buffer.from('attack at dawn')
const encrypt = async (KeyId: string, EncryptionContext?: Record<string, string>) => {
  const input = { KeyId, Plaintext: secret, ...(EncryptionContext && { EncryptionContext }) }
  return (await kms.send(new EncryptCommand(input))).CiphertextBlob!
}
const decrypt = async (CiphertextBlob: Uint8Array, input = {}, client = kms) => {
  const { Plaintext } = await client.send(new DecryptCommand({ CiphertextBlob, ...input }))
  return Buffer.from(Plaintext!).toString()
}

test('a key is made, described, listed and tagged', async () => {
  const key = await make({ Description: 'of tests', Tags: [{ TagKey: 'a', TagValue: '1' }] })
  expect(key).toMatchObject({
    AWSAccountId: ACCOUNT,
    Arn: `arn:aws:kms:us-east-1:${ACCOUNT}:key/${key.KeyId}`,
    Description: 'of tests',
    Enabled: true,
    KeyState: 'Enabled',
    KeyManager: 'CUSTOMER',
    KeySpec: 'SYMMETRIC_DEFAULT',
    KeyUsage: 'ENCRYPT_DECRYPT',
    Origin: 'AWS_KMS',
  })
  const KeyId = key.KeyId!
  await kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description: 'another' }))
  const byArn = await kms.send(new DescribeKeyCommand({ KeyId: key.Arn! }))
  expect(byArn.KeyMetadata!.Description).toBe('another')
  const { Keys, Truncated } = await kms.send(new ListKeysCommand({}))
  expect(Keys).toContainEqual({ KeyId, KeyArn: key.Arn })
  expect(Truncated).toBe(false)
  await kms.send(new TagResourceCommand({ KeyId, Tags: [{ TagKey: 'b', TagValue: '2' }] }))
  await kms.send(new UntagResourceCommand({ KeyId, TagKeys: ['a'] }))
  const { Tags } = await kms.send(new ListResourceTagsCommand({ KeyId }))
  expect(Tags).toEqual([{ TagKey: 'b', TagValue: '2' }])
})

test('lists come in pages', async () => {
  for (let n = 0; n < 3; n++) await make()
  const seen: string[] = []
  let Marker: string | undefined
  do {
    const page = await kms.send(new ListKeysCommand({ Limit: 2, Marker }))
    seen.push(...page.Keys!.map((one) => one.KeyId!))
    Marker = page.NextMarker
  } while (Marker)
  expect(new Set(seen).size).toBe(seen.length)
  expect(seen.length).toBeGreaterThanOrEqual(3)
})

describe('aliases', () => {
  test('name a key, then another, then none', async () => {
    const [one, two] = [await make(), await make()]
    const AliasName = 'alias/app/db'
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: one.KeyId! }))
    const again = new CreateAliasCommand({ AliasName, TargetKeyId: two.KeyId! })
    expect(await nameOf(kms.send(again))).toBe('AlreadyExistsException')
    const target = async () =>
      (await kms.send(new DescribeKeyCommand({ KeyId: AliasName }))).KeyMetadata!.KeyId
    expect(await target()).toBe(one.KeyId)
    const blob = await encrypt(AliasName)
    await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: two.Arn! }))
    expect(await target()).toBe(two.KeyId)
    expect(await decrypt(blob)).toBe(secret.toString())
    const { Aliases } = await kms.send(new ListAliasesCommand({ KeyId: two.KeyId }))
    expect(Aliases).toMatchObject([
      { AliasName, AliasArn: `arn:aws:kms:us-east-1:${ACCOUNT}:${AliasName}` },
    ])
    await kms.send(new DeleteAliasCommand({ AliasName }))
    expect(await nameOf(target())).toBe('NotFoundException')
    expect(await nameOf(kms.send(new DeleteAliasCommand({ AliasName })))).toBe('NotFoundException')
  })

  test.each(['alias/aws/mine', 'alias/no space'])('not %s', async (AliasName) => {
    const { KeyId } = await make()
    const command = new CreateAliasCommand({ AliasName, TargetKeyId: KeyId! })
    expect(await nameOf(kms.send(command))).toBe('ValidationException')
  })
})

describe('ciphertexts', () => {
  test('name their key and are bound to their context', async () => {
    const { KeyId, Arn } = await make()
    const blob = await encrypt(KeyId!, { app: 'db', tier: 'one' })
    expect(Buffer.from(blob).includes(secret)).toBe(false)
    const right = { EncryptionContext: { tier: 'one', app: 'db' } }
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: blob, ...right }))
    expect(opened.KeyId).toBe(Arn)
    expect(Buffer.from(opened.Plaintext!).toString()).toBe(secret.toString())
    expect(await nameOf(decrypt(blob))).toBe('InvalidCiphertextException')
    const other = { ...right, KeyId: (await make()).KeyId }
    expect(await nameOf(decrypt(blob, other))).toBe('IncorrectKeyException')
    const broken = Buffer.from(blob)
    broken[broken.length - 1]! ^= 1
    expect(await nameOf(decrypt(broken, right))).toBe('InvalidCiphertextException')
    expect(await nameOf(decrypt(Buffer.from('nonsense')))).toBe('InvalidCiphertextException')
    const europe = cloud.kmsOf({ region: 'eu-central-1' })
    expect(await nameOf(decrypt(blob, right, europe))).toBe('InvalidCiphertextException')
  })

  test('go from one key to another', async () => {
    const [one, two] = [await make(), await make()]
    const blob = await encrypt(one.KeyId!, { a: '1' })
    const moved = await kms.send(
      new ReEncryptCommand({
        CiphertextBlob: blob,
        SourceEncryptionContext: { a: '1' },
        DestinationKeyId: two.KeyId!,
        DestinationEncryptionContext: { b: '2' },
      }),
    )
    expect(moved).toMatchObject({ SourceKeyId: one.Arn, KeyId: two.Arn })
    const context = { EncryptionContext: { b: '2' }, KeyId: two.KeyId }
    expect(await decrypt(moved.CiphertextBlob!, context)).toBe(secret.toString())
  })

  test('data keys are of the size that is asked for', async () => {
    const { KeyId } = await make()
    const key = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256' }))
    expect(key.Plaintext).toHaveLength(32)
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: key.CiphertextBlob }))
    expect(opened.Plaintext).toEqual(key.Plaintext)
    const sealed = await kms.send(
      new GenerateDataKeyWithoutPlaintextCommand({ KeyId, NumberOfBytes: 17 }),
    )
    expect(sealed).not.toHaveProperty('Plaintext')
    const other = await kms.send(new DecryptCommand({ CiphertextBlob: sealed.CiphertextBlob }))
    expect(other.Plaintext).toHaveLength(17)
    const neither = kms.send(new GenerateDataKeyCommand({ KeyId }))
    expect(await nameOf(neither)).toBe('ValidationException')
    const random = await kms.send(new GenerateRandomCommand({ NumberOfBytes: 24 }))
    expect(random.Plaintext).toHaveLength(24)
  })
})

test('rotation: new material enciphers, the old still deciphers', async () => {
  const { KeyId } = await make()
  const before = await encrypt(KeyId!)
  await kms.send(new RotateKeyOnDemandCommand({ KeyId }))
  await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }))
  const status = await kms.send(new GetKeyRotationStatusCommand({ KeyId }))
  expect(status).toMatchObject({ KeyRotationEnabled: true, RotationPeriodInDays: 90 })
  nowOffset = 91 * DAY_MS
  await keysReconcile(cloud.app)
  nowOffset = 0
  const after = await encrypt(KeyId!)
  expect(await decrypt(before)).toBe(secret.toString())
  expect(await decrypt(after)).toBe(secret.toString())
  expect(Buffer.from(before.subarray(0, 17))).toEqual(Buffer.from(after.subarray(0, 17)))
  expect(Buffer.from(before.subarray(17, 33))).not.toEqual(Buffer.from(after.subarray(17, 33)))
  const { Rotations } = await kms.send(new ListKeyRotationsCommand({ KeyId }))
  expect(Rotations!.map((one) => one.RotationType)).toEqual(['ON_DEMAND', 'AUTOMATIC'])
  await kms.send(new DisableKeyRotationCommand({ KeyId }))
  const off = await kms.send(new GetKeyRotationStatusCommand({ KeyId }))
  expect(off.KeyRotationEnabled).toBe(false)
})

test('disabled and deleted keys do nothing, until nothing can bring them back', async () => {
  const { KeyId } = await make()
  const blob = await encrypt(KeyId!)
  await kms.send(new DisableKeyCommand({ KeyId }))
  expect(await nameOf(decrypt(blob))).toBe('DisabledException')
  await kms.send(new EnableKeyCommand({ KeyId }))
  expect(await decrypt(blob)).toBe(secret.toString())
  for (const PendingWindowInDays of [1, 6, 31]) {
    const asked = kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays }))
    expect(await nameOf(asked)).toBe('ValidationException')
  }
  const going = await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
  expect(going).toMatchObject({ KeyState: 'PendingDeletion', PendingWindowInDays: 7 })
  expect(await nameOf(decrypt(blob))).toBe('KMSInvalidStateException')
  expect(await nameOf(kms.send(new EnableKeyCommand({ KeyId })))).toBe('KMSInvalidStateException')
  await kms.send(new CancelKeyDeletionCommand({ KeyId }))
  await kms.send(new EnableKeyCommand({ KeyId }))
  expect(await decrypt(blob)).toBe(secret.toString())
  await kms.send(new CreateAliasCommand({ AliasName: 'alias/going', TargetKeyId: KeyId! }))
  await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }))
  nowOffset = 8 * DAY_MS
  await keysReconcile(cloud.app)
  nowOffset = 0
  const look = (id: string) => kms.send(new DescribeKeyCommand({ KeyId: id }))
  expect(await nameOf(look(KeyId!))).toBe('NotFoundException')
  expect(await nameOf(look('alias/going'))).toBe('NotFoundException')
  expect(await nameOf(decrypt(blob))).toBe('InvalidCiphertextException')
})

describe('who may use a key', () => {
  const policyOf = (Principal: string, Action: string) =>
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: Principal }, Action, Resource: '*' }],
    })

  test('its policy is checked, kept and never leaves it without an owner', async () => {
    const { KeyId } = await make()
    const { PolicyNames } = await kms.send(new ListKeyPoliciesCommand({ KeyId }))
    expect(PolicyNames).toEqual(['default'])
    const get = async () => (await kms.send(new GetKeyPolicyCommand({ KeyId }))).Policy!
    expect(await get()).toContain(`arn:aws:iam::${ACCOUNT}:root`)
    const put = (Policy: string, more = {}) =>
      kms.send(new PutKeyPolicyCommand({ KeyId, Policy, ...more }))
    expect(await nameOf(put('{'))).toBe('MalformedPolicyDocumentException')
    const others = policyOf('arn:aws:iam::444455556666:root', 'kms:*')
    expect(await nameOf(put(others))).toBe('MalformedPolicyDocumentException')
    await put(others, { BypassPolicyLockoutSafetyCheck: true })
    expect(await nameOf(get())).toBe('AccessDeniedException')
  })

  test('IAM’s policies where the key’s leaves it to them, and the key’s own', async () => {
    await using strict = await startTestCloud({ mode: 'strict' })
    const root = strict.kmsOf()
    const keys = await userMake(strict.iamOf(), 'ada')
    const ada = strict.kmsOf({ credentials: keys })
    const KeyId = (await root.send(new CreateKeyCommand({}))).KeyMetadata!.KeyId!
    const use = () => ada.send(new EncryptCommand({ KeyId, Plaintext: secret }))
    expect(await nameOf(use())).toBe('AccessDeniedException')
    const PolicyDocument = document(allow('kms:Encrypt'))
    const policy = { UserName: 'ada', PolicyName: 'may', PolicyDocument }
    await strict.iamOf().send(new PutUserPolicyCommand(policy))
    const { CiphertextBlob } = await use()
    const open = () => ada.send(new DecryptCommand({ CiphertextBlob }))
    expect(await nameOf(open())).toBe('AccessDeniedException')
    const owner = `arn:aws:iam::${ACCOUNT}:root`
    const statement = (Principal: string, Action: string) => ({
      ...{ Effect: 'Allow', Principal: { AWS: Principal }, Action, Resource: '*' },
    })
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        statement(owner, 'kms:*'),
        statement(`arn:aws:iam::${ACCOUNT}:user/ada`, 'kms:Decrypt'),
      ],
    })
    await root.send(new PutKeyPolicyCommand({ KeyId, Policy }))
    expect(Buffer.from((await open()).Plaintext!).toString()).toBe(secret.toString())
  })

  test('another account learns nothing of what is there', async () => {
    const { KeyId, Arn } = await make()
    await kms.send(new CreateAliasCommand({ AliasName: 'alias/hidden', TargetKeyId: KeyId }))
    const stranger = cloud.kmsOf({ account: '777788889999' })
    const said = async (text: string) =>
      (await failureOf(stranger.send(new DescribeKeyCommand({ KeyId: text })))).message.replace(
        text,
        'it',
      )
    const nowhere = Arn!.replace(KeyId!, '11111111-2222-3333-4444-555555555555')
    const alias = Arn!.replace(`key/${KeyId}`, 'alias/hidden')
    const there = await said(Arn!)
    expect(there).toContain('on resource: it because no resource-based policy allows')
    for (const text of [nowhere, alias, alias.replace('hidden', 'nobody')]) {
      expect(await said(text)).toBe(there)
    }
  })

  test('another account, when both sides say so', async () => {
    const { KeyId, Arn } = await make()
    const friend = cloud.kmsOf({ account: '444455556666' })
    const use = () => friend.send(new EncryptCommand({ KeyId: Arn!, Plaintext: secret }))
    expect(await nameOf(use())).toBe('AccessDeniedException')
    const Policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [`arn:aws:iam::${ACCOUNT}:root`, 'arn:aws:iam::444455556666:root'].map((AWS) => ({
        Effect: 'Allow',
        Principal: { AWS },
        Action: 'kms:*',
        Resource: '*',
      })),
    })
    await kms.send(new PutKeyPolicyCommand({ KeyId, Policy }))
    const { CiphertextBlob } = await use()
    expect(await decrypt(CiphertextBlob!)).toBe(secret.toString())
  })
})

test.each([
  ['an unknown key', { KeyId: '11111111-2222-3333-4444-555555555555' }, 'NotFoundException'],
  ['an unknown alias', { KeyId: 'alias/nobody' }, 'NotFoundException'],
  ['a grant', { GrantTokens: ['x'] }, 'UnsupportedOperationException'],
  ['a dry run', { DryRun: true }, 'DryRunOperationException'],
])('Encrypt with %s', async (_, input, code) => {
  const { KeyId } = await make()
  const command = new EncryptCommand({ KeyId, Plaintext: secret, ...input })
  expect(await nameOf(kms.send(command))).toBe(code)
})

test('keys of other kinds are said to be unsupported', async () => {
  expect(await nameOf(make({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' }))).toBe(
    'UnsupportedOperationException',
  )
  expect(await nameOf(make({ MultiRegion: true }))).toBe('UnsupportedOperationException')
})
