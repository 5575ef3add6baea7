/** What IAM keeps of credentials: MFA devices, certificates, SSH keys, the report on them, the account as a whole. */
import { generateKeyPairSync } from 'node:crypto'
import { DescribeVpcsCommand } from '@aws-sdk/client-ec2'
import {
  AttachUserPolicyCommand,
  CreateGroupCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  CreateSAMLProviderCommand,
  CreateVirtualMFADeviceCommand,
  DeactivateMFADeviceCommand,
  DeleteSAMLProviderCommand,
  DeleteServerCertificateCommand,
  DeleteSigningCertificateCommand,
  DeleteSSHPublicKeyCommand,
  DeleteUserCommand,
  DeleteVirtualMFADeviceCommand,
  EnableMFADeviceCommand,
  GenerateCredentialReportCommand,
  GetAccountAuthorizationDetailsCommand,
  GetAccountSummaryCommand,
  GetCredentialReportCommand,
  GetMFADeviceCommand,
  GetSAMLProviderCommand,
  GetServerCertificateCommand,
  GetSSHPublicKeyCommand,
  ListMFADevicesCommand,
  ListMFADeviceTagsCommand,
  ListSAMLProvidersCommand,
  ListServerCertificatesCommand,
  ListSigningCertificatesCommand,
  ListSSHPublicKeysCommand,
  ListVirtualMFADevicesCommand,
  PutUserPolicyCommand,
  ResyncMFADeviceCommand,
  TagMFADeviceCommand,
  TagServerCertificateCommand,
  UntagMFADeviceCommand,
  UpdateSAMLProviderCommand,
  UpdateServerCertificateCommand,
  UpdateSigningCertificateCommand,
  UpdateSSHPublicKeyCommand,
  UploadServerCertificateCommand,
  UploadSigningCertificateCommand,
  UploadSSHPublicKeyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam'
import { AssumeRoleCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { sshPublicKeyLine, fromKeyObject } from '../../src/lib/ssh-public-key.ts'
import { systemClock } from '../../src/lib/time.ts'
import { STEP_MS, totpCode } from '../../src/lib/totp.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { allow, document, failureOf, keysOf, userMake } from '../support/iam.ts'
import { selfSigned } from '../support/openssl.ts'

let cloud: TestCloud
let iam: IAMClient
/** What the cloud's clock is ahead of the clients': within the tolerance of signatures. */
let ahead = 0

beforeAll(async () => {
  const clock = { ...systemClock, now: () => Date.now() + ahead }
  cloud = await startTestCloud({ mode: 'strict', clock })
  iam = cloud.iamOf()
})
afterAll(() => cloud.close())

const codeOf = async (call: Promise<unknown>) => (await failureOf(call)).code

function unbase32(text: string): Buffer {
  const bits = [...text].map((letter) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'),
  )
  return Buffer.from(
    bits
      .join('')
      .match(/.{8}/g)!
      .map((eight) => Number.parseInt(eight, 2)),
  )
}

async function deviceMake(name: string) {
  const { VirtualMFADevice: made } = await iam.send(
    new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: name }),
  )
  const seed = unbase32(Buffer.from(made!.Base32StringSeed!).toString())
  const SerialNumber = made!.SerialNumber!
  const codeAt = (step: number) => totpCode(seed, Math.floor((Date.now() + ahead) / STEP_MS) + step)
  return { SerialNumber, codeAt, png: Buffer.from(made!.QRCodePNG!) }
}

test('an MFA device: enabled by two codes, asked for by sessions and roles, each code once', async () => {
  const UserName = 'mia'
  const withMfa = { Bool: { 'aws:MultiFactorAuthPresent': 'true' } }
  const keys = await userMake(iam, UserName, allow('ec2:*', '*', withMfa), allow('sts:AssumeRole'))
  const { SerialNumber, codeAt, png } = await deviceMake(UserName)
  expect(SerialNumber).toBe(`arn:aws:iam::${ACCOUNT}:mfa/${UserName}`)
  expect(png.subarray(1, 4).toString()).toBe('PNG')
  const again = new CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: UserName })
  expect(await codeOf(iam.send(again))).toBe('EntityAlreadyExistsException')
  const device = { UserName, SerialNumber }
  const enable = (one: string, two: string) =>
    iam.send(
      new EnableMFADeviceCommand({
        ...device,
        AuthenticationCode1: one,
        AuthenticationCode2: two,
      }),
    )
  expect(await codeOf(enable(codeAt(-1), codeAt(1)))).toBe('InvalidAuthenticationCodeException')
  await enable(codeAt(-1), codeAt(0))
  const { MFADevices } = await iam.send(new ListMFADevicesCommand({ UserName }))
  expect(MFADevices).toMatchObject([device])
  expect(await iam.send(new GetMFADeviceCommand(device))).toMatchObject(device)
  const { VirtualMFADevices } = await iam.send(
    new ListVirtualMFADevicesCommand({ AssignmentStatus: 'Assigned' }),
  )
  expect(VirtualMFADevices).toMatchObject([{ SerialNumber, User: { UserName } }])
  expect(await codeOf(iam.send(new DeleteVirtualMFADeviceCommand({ SerialNumber })))).toBe(
    'DeleteConflictException',
  )
  expect(await codeOf(iam.send(new DeleteUserCommand({ UserName })))).toBe(
    'DeleteConflictException',
  )
  const sts = cloud.stsOf({ credentials: keys })
  const session = (TokenCode: string) =>
    sts.send(new GetSessionTokenCommand({ SerialNumber, TokenCode }))
  // The code of the enabling is spent.
  expect(await codeOf(session(codeAt(0)))).toBe('AccessDenied')
  const plain = cloud.ec2Of({ credentials: keys })
  expect(await codeOf(plain.send(new DescribeVpcsCommand({})))).toBe('UnauthorizedOperation')
  const { Credentials } = await session(codeAt(1))
  const strong = cloud.ec2Of({ credentials: keysOf(Credentials!) })
  await strong.send(new DescribeVpcsCommand({}))
  expect(await codeOf(session(codeAt(1)))).toBe('AccessDenied')
  const role = {
    RoleName: 'careful',
    AssumeRolePolicyDocument: document({
      Effect: 'Allow',
      Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/${UserName}` },
      Action: 'sts:AssumeRole',
      Condition: { NumericLessThan: { 'aws:MultiFactorAuthAge': '300' } },
    }),
  }
  const { Role } = await iam.send(new CreateRoleCommand(role))
  const assume = { RoleArn: Role!.Arn!, RoleSessionName: 'careful' }
  expect(await codeOf(sts.send(new AssumeRoleCommand(assume)))).toBe('AccessDenied')
  ahead += 3 * STEP_MS
  await sts.send(new AssumeRoleCommand({ ...assume, SerialNumber, TokenCode: codeAt(0) }))
  ahead += 3 * STEP_MS
  const AuthenticationCode1 = codeAt(0)
  await iam.send(
    new ResyncMFADeviceCommand({ ...device, AuthenticationCode1, AuthenticationCode2: codeAt(1) }),
  )
  await iam.send(new DeactivateMFADeviceCommand(device))
  await iam.send(new DeleteVirtualMFADeviceCommand({ SerialNumber }))
  expect(await codeOf(iam.send(new GetMFADeviceCommand({ SerialNumber })))).toBe(
    'NoSuchEntityException',
  )
})

test("an MFA device's tags", async () => {
  const { SerialNumber } = await deviceMake('tagged')
  const Tags = [{ Key: 'team', Value: 'a' }]
  await iam.send(new TagMFADeviceCommand({ SerialNumber, Tags }))
  const tags = async () => (await iam.send(new ListMFADeviceTagsCommand({ SerialNumber }))).Tags
  expect(await tags()).toEqual(Tags)
  await iam.send(new UntagMFADeviceCommand({ SerialNumber, TagKeys: ['TEAM'] }))
  expect(await tags()).toEqual([])
})

test('a server certificate: checked, renamed, never given back with its key', async () => {
  const { certificate, key } = await selfSigned('example.test')
  const other = await selfSigned('other.test')
  const ServerCertificateName = 'web'
  const upload = (change: object = {}) =>
    iam.send(
      new UploadServerCertificateCommand({
        ServerCertificateName,
        CertificateBody: certificate,
        PrivateKey: key,
        ...change,
      }),
    )
  expect(await codeOf(upload({ PrivateKey: other.key }))).toBe('KeyPairMismatchException')
  expect(await codeOf(upload({ CertificateBody: 'x' }))).toBe('MalformedCertificateException')
  const { ServerCertificateMetadata: made } = await upload({ Path: '/cloudfront/' })
  expect(made!.ServerCertificateId).toMatch(/^ASCA[A-Z2-7]{17}$/)
  expect(made!.Arn).toBe(`arn:aws:iam::${ACCOUNT}:server-certificate/cloudfront/web`)
  expect(made!.Expiration!.getTime()).toBeGreaterThan(Date.now() + 28 * 86_400_000)
  expect(await codeOf(upload())).toBe('EntityAlreadyExistsException')
  const renamed = { ServerCertificateName, NewServerCertificateName: 'web-2', NewPath: '/' }
  await iam.send(new UpdateServerCertificateCommand(renamed))
  const Tags = [{ Key: 'team', Value: 'a' }]
  const name = { ServerCertificateName: 'web-2' }
  await iam.send(new TagServerCertificateCommand({ ...name, Tags }))
  const { ServerCertificate } = await iam.send(new GetServerCertificateCommand(name))
  expect(ServerCertificate).toMatchObject({ CertificateBody: certificate, Tags })
  expect(JSON.stringify(ServerCertificate)).not.toContain('PRIVATE KEY')
  const { ServerCertificateMetadataList: list } = await iam.send(
    new ListServerCertificatesCommand({ PathPrefix: '/' }),
  )
  expect(list).toHaveLength(1)
  expect((await iam.send(new GetAccountSummaryCommand({}))).SummaryMap).toMatchObject({
    ServerCertificates: 1,
  })
  await iam.send(new DeleteServerCertificateCommand(name))
  expect(await codeOf(iam.send(new GetServerCertificateCommand(name)))).toBe(
    'NoSuchEntityException',
  )
})

test('SSH keys and signing certificates belong to a user', async () => {
  const UserName = 'sam'
  await userMake(iam, UserName)
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const SSHPublicKeyBody = sshPublicKeyLine(fromKeyObject(pair.publicKey), 'sam@home')
  const upload = new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody })
  const { SSHPublicKey: made } = await iam.send(upload)
  expect(made!.SSHPublicKeyId).toMatch(/^APKA/)
  expect(await codeOf(iam.send(upload))).toBe('DuplicateSSHPublicKeyException')
  const wrong = new UploadSSHPublicKeyCommand({ UserName, SSHPublicKeyBody: 'ssh-rsa x' })
  expect(await codeOf(iam.send(wrong))).toBe('UnrecognizedPublicKeyEncodingException')
  const key = { UserName, SSHPublicKeyId: made!.SSHPublicKeyId! }
  const { SSHPublicKey: pem } = await iam.send(
    new GetSSHPublicKeyCommand({ ...key, Encoding: 'PEM' }),
  )
  expect(pem!.SSHPublicKeyBody).toMatch(/^-----BEGIN PUBLIC KEY-----/)
  await iam.send(new UpdateSSHPublicKeyCommand({ ...key, Status: 'Inactive' }))
  const { SSHPublicKeys } = await iam.send(new ListSSHPublicKeysCommand({ UserName }))
  expect(SSHPublicKeys).toMatchObject([{ ...key, Status: 'Inactive' }])
  const { certificate: CertificateBody } = await selfSigned('sam.test')
  const { Certificate } = await iam.send(
    new UploadSigningCertificateCommand({ UserName, CertificateBody }),
  )
  const signing = { UserName, CertificateId: Certificate!.CertificateId! }
  await iam.send(new UpdateSigningCertificateCommand({ ...signing, Status: 'Inactive' }))
  const { Certificates } = await iam.send(new ListSigningCertificatesCommand({ UserName }))
  expect(Certificates).toMatchObject([{ Status: 'Inactive', CertificateBody }])
  await iam.send(new DeleteSSHPublicKeyCommand(key))
  await iam.send(new DeleteSigningCertificateCommand(signing))
  expect(await codeOf(iam.send(new DeleteSSHPublicKeyCommand(key)))).toBe('NoSuchEntityException')
})

test('the credential report is there when asked for, and for four hours', async () => {
  const get = () => iam.send(new GetCredentialReportCommand({}))
  expect(await codeOf(get())).toBe('CredentialReportNotPresentException')
  const generate = async () => (await iam.send(new GenerateCredentialReportCommand({}))).State
  expect(await generate()).toBe('STARTED')
  expect(await generate()).toBe('COMPLETE')
  const { Content, ReportFormat } = await get()
  expect(ReportFormat).toBe('text/csv')
  const lines = Buffer.from(Content!).toString().split('\n')
  const columns = lines[0]!.split(',')
  expect(columns).toHaveLength(22)
  expect(lines.every((line) => line.split(',').length === columns.length)).toBe(true)
  expect(lines[1]).toMatch(new RegExp(`^<root_account>,arn:aws:iam::${ACCOUNT}:root,`))
  const mia = lines.find((line) => line.startsWith('mia,'))!.split(',')
  const of = (name: string) => mia[columns.indexOf(name)]
  expect(of('access_key_1_active')).toBe('true')
  expect(of('access_key_1_last_used_service')).toBe('sts')
  expect([of('password_enabled'), of('mfa_active'), of('access_key_2_active')]).toEqual(
    Array(3).fill('false'),
  )
})

test('the account as a whole, in pages', async () => {
  await iam.send(new CreateGroupCommand({ GroupName: 'staff' }))
  const PolicyDocument = document(allow('ec2:DescribeVpcs'))
  await iam.send(new CreatePolicyCommand({ PolicyName: 'own', PolicyDocument }))
  const PolicyArn = 'arn:aws:iam::aws:policy/ReadOnlyAccess'
  await iam.send(new AttachUserPolicyCommand({ UserName: 'sam', PolicyArn }))
  await iam.send(new PutUserPolicyCommand({ UserName: 'sam', PolicyName: 'in', PolicyDocument }))
  const whole = await iam.send(new GetAccountAuthorizationDetailsCommand({}))
  const sam = whole.UserDetailList!.find(({ UserName }) => UserName === 'sam')!
  expect(sam.AttachedManagedPolicies).toEqual([{ PolicyName: 'ReadOnlyAccess', PolicyArn }])
  const [inline] = sam.UserPolicyList!
  expect(decodeURIComponent(inline!.PolicyDocument!)).toBe(PolicyDocument)
  expect(whole.GroupDetailList).toMatchObject([{ GroupName: 'staff' }])
  expect(whole.Policies!.map(({ PolicyName }) => PolicyName).sort()).toEqual([
    'ReadOnlyAccess',
    'own',
  ])
  const found: string[] = []
  let Marker: string | undefined
  do {
    const page = await iam.send(new GetAccountAuthorizationDetailsCommand({ MaxItems: 2, Marker }))
    found.push(...page.UserDetailList!.map(({ UserName }) => UserName!))
    Marker = page.IsTruncated ? page.Marker : undefined
  } while (Marker)
  expect(found.sort()).toEqual(whole.UserDetailList!.map(({ UserName }) => UserName).sort())
  const only = await iam.send(new GetAccountAuthorizationDetailsCommand({ Filter: ['Role'] }))
  expect([only.UserDetailList, only.Policies]).toEqual([[], []])
  expect(only.RoleDetailList).toMatchObject([{ RoleName: 'careful' }])
})

test('a SAML provider is a record', async () => {
  const metadata = (until: string) =>
    `<EntityDescriptor xmlns="urn:oasis:names:tc:SAML:2.0:metadata" validUntil="${until}"><IDPSSODescriptor>${'x'.repeat(1_000)}</IDPSSODescriptor></EntityDescriptor>`
  const create = (SAMLMetadataDocument: string) =>
    iam.send(new CreateSAMLProviderCommand({ Name: 'idp', SAMLMetadataDocument }))
  expect(await codeOf(create('x'.repeat(1_000)))).toBe('InvalidInputException')
  const { SAMLProviderArn } = await create(metadata('2030-01-01T00:00:00Z'))
  expect(SAMLProviderArn).toBe(`arn:aws:iam::${ACCOUNT}:saml-provider/idp`)
  const later = metadata('2040-01-01T00:00:00Z')
  const update = { SAMLProviderArn, SAMLMetadataDocument: later }
  await iam.send(new UpdateSAMLProviderCommand(update))
  const found = await iam.send(new GetSAMLProviderCommand({ SAMLProviderArn }))
  expect(found.ValidUntil).toEqual(new Date('2040-01-01T00:00:00Z'))
  expect(found.SAMLMetadataDocument).toBe(later)
  expect((await iam.send(new ListSAMLProvidersCommand({}))).SAMLProviderList).toHaveLength(1)
  await iam.send(new DeleteSAMLProviderCommand({ SAMLProviderArn }))
  expect((await iam.send(new ListSAMLProvidersCommand({}))).SAMLProviderList).toEqual([])
})
