/** Instance profiles: given at launch or later, and what the instance then gets from its metadata service. */
import { randomBytes } from 'node:crypto'
import {
  AssociateIamInstanceProfileCommand,
  DescribeIamInstanceProfileAssociationsCommand,
  DescribeInstancesCommand,
  DescribeVpcsCommand,
  DisassociateIamInstanceProfileCommand,
  ReplaceIamInstanceProfileAssociationCommand,
  RunInstancesCommand,
  TerminateInstancesCommand,
} from '@aws-sdk/client-ec2'
import {
  AddRoleToInstanceProfileCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  PutRolePolicyCommand,
  UpdateAssumeRolePolicyCommand,
} from '@aws-sdk/client-iam'
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { metadataOf } from '../../src/app/metadata.ts'
import { answerOf } from '../../src/aws/imds/answer.ts'
import { identityKeysGenerate, type IdentityKeys } from '../../src/aws/imds/identity-keys.ts'
import { systemClock } from '../../src/lib/time.ts'
import { TINY } from '../support/app.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { allow, document, failureOf, userMake } from '../support/iam.ts'

let cloud: TestCloud
let identity: IdentityKeys
let now = Date.now()

beforeAll(async () => {
  cloud = await startTestCloud({ mode: 'strict', clock: { ...systemClock, now: () => now } })
  identity = await identityKeysGenerate({ clock: systemClock, random: { bytes: randomBytes } })
  for (const name of ['web', 'other']) await profileMake(name)
})
afterAll(() => cloud.close())

const trust = (service: string) =>
  document({ Effect: 'Allow', Principal: { Service: service }, Action: 'sts:AssumeRole' })

async function profileMake(name: string): Promise<void> {
  const iam = cloud.iamOf()
  const role = { RoleName: name, AssumeRolePolicyDocument: trust('ec2.amazonaws.com') }
  await iam.send(new CreateRoleCommand(role))
  const PolicyDocument = document(allow('ec2:DescribeVpcs'))
  await iam.send(new PutRolePolicyCommand({ RoleName: name, PolicyName: 'own', PolicyDocument }))
  await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName: name }))
  const both = { InstanceProfileName: name, RoleName: name }
  await iam.send(new AddRoleToInstanceProfileCommand(both))
}

const run = (profile?: object, client = cloud.ec2) =>
  client.send(
    new RunInstancesCommand({
      ImageId: TINY,
      InstanceType: 't3.nano',
      MinCount: 1,
      MaxCount: 1,
      ...(profile && { IamInstanceProfile: profile }),
    }),
  )

/** What a guest reads at this path. Asks no API: the clock may be anywhere. */
async function ask(instanceId: string, path: string): Promise<string> {
  const reference = { name: 'instance', value: instanceId }
  const [one] = await cloud.app.store.list('networkInterface', { reference })
  const view = await metadataOf(cloud.app, one!.vpcId, one!.privateAddresses[0]!)
  const secrets = { tokenSecret: new Uint8Array(32), identity }
  const url = `/latest/meta-data/iam/${path}`
  const answer = answerOf({ method: 'GET', url, headers: {} }, view, secrets, now)
  return answer.status === 200 ? Buffer.from(answer.body).toString() : String(answer.status)
}

interface GuestKeys {
  AccessKeyId: string
  SecretAccessKey: string
  Token: string
  Expiration: string
}

async function keysIn(instanceId: string, role = 'web') {
  const text = await ask(instanceId, `security-credentials/${role}`)
  const { AccessKeyId, SecretAccessKey, Token, Expiration } = JSON.parse(text) as GuestKeys
  const credentials = {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token,
  }
  return { credentials, expiresAt: Date.parse(Expiration) }
}

const ARN = `arn:aws:iam::${ACCOUNT}:instance-profile/web`

test('at launch: the guest is the role, and only that', async () => {
  const { Instances } = await run({ Name: 'web' })
  const id = Instances![0]!.InstanceId!
  expect(Instances![0]!.IamInstanceProfile!.Arn).toBe(ARN)
  expect(await ask(id, '')).toBe('info\nsecurity-credentials/')
  expect(await ask(id, 'security-credentials/')).toBe('web')
  expect(JSON.parse(await ask(id, 'info'))).toMatchObject({
    Code: 'Success',
    InstanceProfileArn: ARN,
  })
  const { credentials, expiresAt } = await keysIn(id)
  const who = await cloud.stsOf({ credentials }).send(new GetCallerIdentityCommand({}))
  expect(who.Arn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/web/${id}`)
  const own = cloud.ec2Of({ credentials })
  expect((await own.send(new DescribeVpcsCommand({}))).Vpcs).toHaveLength(1)
  expect((await failureOf(own.send(new DescribeInstancesCommand({})))).code).toBe(
    'UnauthorizedOperation',
  )
  // The same until shortly before they end, then others while the first are still good.
  expect((await keysIn(id)).credentials.accessKeyId).toBe(credentials.accessKeyId)
  const before = now
  now = expiresAt - 1_800_000
  const renewed = await keysIn(id)
  expect(renewed.credentials.accessKeyId).not.toBe(credentials.accessKeyId)
  expect(renewed.expiresAt).toBeGreaterThan(expiresAt)
  now = before
})

test('another instance gets nothing of it', async () => {
  const { Instances } = await run()
  expect(await ask(Instances![0]!.InstanceId!, 'security-credentials/web')).toBe('404')
})

test('a role that does not trust EC2 is not handed out', async () => {
  const { Instances } = await run({ Arn: ARN.replace('/web', '/other') })
  const id = Instances![0]!.InstanceId!
  expect(await ask(id, 'security-credentials/')).toBe('other')
  const PolicyDocument = trust('backup.amazonaws.com')
  await cloud.iamOf().send(new UpdateAssumeRolePolicyCommand({ RoleName: 'other', PolicyDocument }))
  expect(await ask(id, 'security-credentials/')).toBe('404')
  expect(JSON.parse(await ask(id, 'info'))).toMatchObject({ Code: 'AssumeRoleUnauthorizedAccess' })
})

test('later: associated, replaced, disassociated', async () => {
  const { Instances } = await run()
  const InstanceId = Instances![0]!.InstanceId!
  const IamInstanceProfile = { Name: 'web' }
  const associate = () =>
    cloud.ec2.send(new AssociateIamInstanceProfileCommand({ InstanceId, IamInstanceProfile }))
  const { IamInstanceProfileAssociation: made } = await associate()
  expect(made).toMatchObject({ InstanceId, State: 'associating', IamInstanceProfile: { Arn: ARN } })
  expect((await failureOf(associate())).code).toBe('IncorrectState')
  expect(await ask(InstanceId, 'security-credentials/')).toBe('web')
  const Filters = [{ Name: 'instance-id', Values: [InstanceId] }]
  const find = async () =>
    (await cloud.ec2.send(new DescribeIamInstanceProfileAssociationsCommand({ Filters })))
      .IamInstanceProfileAssociations!
  const replaced = await cloud.ec2.send(
    new ReplaceIamInstanceProfileAssociationCommand({
      AssociationId: made!.AssociationId!,
      IamInstanceProfile: { Name: 'other' },
    }),
  )
  const { AssociationId } = replaced.IamInstanceProfileAssociation!
  expect(await find()).toMatchObject([{ AssociationId, State: 'associated' }])
  const old = { AssociationId: made!.AssociationId! }
  expect(
    (await failureOf(cloud.ec2.send(new DisassociateIamInstanceProfileCommand(old)))).code,
  ).toBe('InvalidAssociationID.NotFound')
  await cloud.ec2.send(new DisassociateIamInstanceProfileCommand({ AssociationId: AssociationId! }))
  expect(await find()).toEqual([])
  expect(await ask(InstanceId, '')).toBe('404')
  await associate()
  await cloud.ec2.send(new TerminateInstancesCommand({ InstanceIds: [InstanceId] }))
  await cloud.app.settled()
})

test('whoever gives a role away needs iam:PassRole, for that role', async () => {
  const role = `arn:aws:iam::${ACCOUNT}:role/web`
  const launch = allow('ec2:*')
  const pass = allow('iam:PassRole', role, {
    StringEquals: { 'iam:PassedToService': 'ec2.amazonaws.com' },
  })
  const iam = cloud.iamOf()
  const without = cloud.ec2Of({ credentials: await userMake(iam, 'without', launch) })
  const refused = await failureOf(run({ Name: 'web' }, without))
  expect(refused.code).toBe('UnauthorizedOperation')
  expect(refused.message).toContain(`iam:PassRole on resource: ${role}`)
  const own = cloud.ec2Of({ credentials: await userMake(iam, 'passing', launch, pass) })
  await run({ Name: 'web' }, own)
  expect((await failureOf(run({ Name: 'other' }, own))).code).toBe('UnauthorizedOperation')
  expect(await failureOf(run({ Name: 'nobody' }))).toEqual({
    code: 'InvalidParameterValue',
    message:
      'Value (nobody) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name',
  })
})
