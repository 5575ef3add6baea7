/** What a role and a session may: trust, external ids, session policies and tags, chains, limits and ends. */
import {
  DescribeInstancesCommand,
  DescribeVpcsCommand,
  RunInstancesCommand,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2'
import {
  CreateAccessKeyCommand,
  CreateRoleCommand,
  CreateUserCommand,
  DeleteUserCommand,
  GetUserCommand,
  PutRolePolicyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam'
import { GetParameterCommand } from '@aws-sdk/client-ssm'
import {
  AssumeRoleCommand,
  GetAccessKeyInfoCommand,
  GetCallerIdentityCommand,
  GetFederationTokenCommand,
  GetSessionTokenCommand,
} from '@aws-sdk/client-sts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/lib/time.ts'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { TINY } from '../support/app.ts'
import { allow, deny, document, failureOf, keysOf, userMake, type Keys } from '../support/iam.ts'

let cloud: TestCloud
let iam: IAMClient
let serial = 0

beforeAll(async () => {
  cloud = await startTestCloud({ mode: 'strict' })
  iam = cloud.iamOf()
})
afterAll(() => cloud.close())

const nameOf = () => `user-${++serial}`
const user = (...statements: object[]) => userMake(iam, nameOf(), ...statements)
const ec2 = (credentials: Keys) => cloud.ec2Of({ credentials })
const launch = (more: Partial<RunInstancesCommandInput> = {}) =>
  new RunInstancesCommand({
    ImageId: TINY,
    InstanceType: 't3.nano',
    MinCount: 1,
    MaxCount: 1,
    ...more,
  })

async function roleMake(principal: object, ...statements: object[]): Promise<string> {
  const RoleName = `role-${++serial}`
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName,
      AssumeRolePolicyDocument: document({
        Effect: 'Allow',
        Principal: principal,
        Action: ['sts:AssumeRole', 'sts:TagSession'],
      }),
    }),
  )
  const PolicyDocument = document(...statements)
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }))
  return Role!.Arn!
}

test('a role: assumed by whom it trusts, with what it may, no longer than it says', async () => {
  const UserName = nameOf()
  const keys = await userMake(iam, UserName, allow('sts:AssumeRole'))
  const stranger = await user(allow('ec2:*'))
  const RoleArn = await roleMake({ AWS: ACCOUNT }, allow('ec2:Describe*'))
  const assume = (credentials: Keys, more: object = {}) =>
    cloud
      .stsOf({ credentials })
      .send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'work', ...more }))
  expect((await failureOf(assume(stranger))).code).toBe('AccessDenied')
  const { Credentials, AssumedRoleUser } = await assume(keys)
  const session = keysOf(Credentials!)
  expect(session.accessKeyId).toMatch(/^ASIA/)
  const info = await cloud
    .stsOf()
    .send(new GetAccessKeyInfoCommand({ AccessKeyId: session.accessKeyId }))
  expect(info.Account).toBe(ACCOUNT)
  const identity = await cloud
    .stsOf({ credentials: session })
    .send(new GetCallerIdentityCommand({}))
  expect(identity.Arn).toBe(AssumedRoleUser!.Arn)
  await ec2(session).send(new DescribeInstancesCommand({}))
  expect((await failureOf(ec2(session).send(launch()))).code).toBe('UnauthorizedOperation')
  expect((await failureOf(assume(keys, { DurationSeconds: 7200 }))).code).toBe('ValidationError')
  const limited = await assume(keys, { Policy: document(allow('ec2:DescribeVpcs')) })
  const narrow = ec2(keysOf(limited.Credentials!))
  await narrow.send(new DescribeVpcsCommand({}))
  expect((await failureOf(narrow.send(new DescribeInstancesCommand({})))).message).toContain(
    'because no session policy allows',
  )
  const swapped = { ...session, sessionToken: limited.Credentials!.SessionToken! }
  expect((await failureOf(ec2(swapped).send(new DescribeInstancesCommand({})))).code).toBe(
    'AuthFailure',
  )
  const bare = { accessKeyId: session.accessKeyId, secretAccessKey: session.secretAccessKey }
  expect((await failureOf(ec2(bare).send(new DescribeInstancesCommand({})))).code).toBe(
    'AuthFailure',
  )
})

test('a session that is named like a user is not that user', async () => {
  const UserName = nameOf()
  const keys = await userMake(iam, UserName, allow('sts:*'))
  const arn = `arn:aws:iam::${ACCOUNT}:user/${UserName}`
  const RoleArn = await roleMake({ AWS: ACCOUNT }, allow('iam:*'), deny('iam:*', arn))
  const sts = cloud.stsOf({ credentials: keys })
  const assumed = await sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: UserName }))
  const asRole = cloud.iamOf({ credentials: keysOf(assumed.Credentials!) })
  const said = 'Must specify userName when calling with non-User credentials'
  for (const command of [new CreateAccessKeyCommand({}), new GetUserCommand({})]) {
    expect(await failureOf(asRole.send(command as never))).toEqual({
      code: 'ValidationError',
      message: said,
    })
  }
  expect((await failureOf(asRole.send(new GetUserCommand({ UserName })))).code).toBe('AccessDenied')
  expect((await failureOf(iam.send(new CreateAccessKeyCommand({})))).message).toBe(said)
})

test('an external id, session tags, a chain of roles', async () => {
  const keys = await user(allow('sts:*'))
  const byId = await iam.send(
    new CreateRoleCommand({
      RoleName: `role-${++serial}`,
      AssumeRolePolicyDocument: document({
        Effect: 'Allow',
        Principal: { AWS: ACCOUNT },
        Action: 'sts:AssumeRole',
        Condition: { StringEquals: { 'sts:ExternalId': 'secret-word' } },
      }),
    }),
  )
  const assume = (credentials: Keys, RoleArn: string, more: object = {}) =>
    cloud
      .stsOf({ credentials })
      .send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'work', ...more }))
  const external = byId.Role!.Arn!
  expect((await failureOf(assume(keys, external))).code).toBe('AccessDenied')
  expect((await failureOf(assume(keys, external, { ExternalId: 'other' }))).code).toBe(
    'AccessDenied',
  )
  await assume(keys, external, { ExternalId: 'secret-word' })
  const first = await roleMake(
    { AWS: ACCOUNT },
    allow('sts:*'),
    allow('ec2:*', '*', { StringEquals: { 'aws:PrincipalTag/team': 'a' } }),
  )
  const second = await roleMake(
    { AWS: first },
    allow('ec2:DescribeVpcs', '*', { StringEquals: { 'aws:PrincipalTag/team': 'a' } }),
  )
  const plain = keysOf((await assume(keys, first)).Credentials!)
  expect((await failureOf(ec2(plain).send(new DescribeVpcsCommand({})))).code).toBe(
    'UnauthorizedOperation',
  )
  const Tags = [{ Key: 'team', Value: 'a' }]
  const tagged = keysOf(
    (await assume(keys, first, { Tags, TransitiveTagKeys: ['team'] })).Credentials!,
  )
  await ec2(tagged).send(new DescribeVpcsCommand({}))
  const chained = keysOf((await assume(tagged, second)).Credentials!)
  await ec2(chained).send(new DescribeVpcsCommand({}))
  const long = await failureOf(assume(tagged, second, { DurationSeconds: 3601 }))
  expect(long.message).toContain('1 hour session limit')
  expect(
    (
      await failureOf(
        cloud.stsOf().send(new AssumeRoleCommand({ RoleArn: first, RoleSessionName: 'root' })),
      )
    ).message,
  ).toBe('Roles may not be assumed by root accounts.')
})

test('a namesake made later is not trusted', async () => {
  const UserName = nameOf()
  await iam.send(new CreateUserCommand({ UserName }))
  const RoleArn = await roleMake({ AWS: `arn:aws:iam::${ACCOUNT}:user/${UserName}` }, allow('*'))
  await iam.send(new DeleteUserCommand({ UserName }))
  const keys = await userMake(iam, UserName, allow('sts:AssumeRole'))
  const call = cloud
    .stsOf({ credentials: keys })
    .send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'xx' }))
  expect((await failureOf(call)).code).toBe('AccessDenied')
})

test('session tokens and federated users have their limits', async () => {
  const keys = await user(allow(['ec2:*', 'iam:*', 'sts:GetFederationToken']))
  const sts = cloud.stsOf({ credentials: keys })
  const token = keysOf((await sts.send(new GetSessionTokenCommand({}))).Credentials!)
  await ec2(token).send(new DescribeVpcsCommand({}))
  const viaToken = cloud.iamOf({ credentials: token }).send(new GetUserCommand({}))
  expect((await failureOf(viaToken)).code).toBe('InvalidClientTokenId')
  const again = cloud.stsOf({ credentials: token }).send(new GetSessionTokenCommand({}))
  expect((await failureOf(again)).message).toBe(
    'Cannot call GetSessionToken with session credentials',
  )
  const nothing = await sts.send(new GetFederationTokenCommand({ Name: 'guest' }))
  const empty = ec2(keysOf(nothing.Credentials!))
  expect((await failureOf(empty.send(new DescribeVpcsCommand({})))).code).toBe(
    'UnauthorizedOperation',
  )
  const Policy = document(allow(['ec2:DescribeVpcs', 'ssm:*']))
  const some = await sts.send(new GetFederationTokenCommand({ Name: 'guest', Policy }))
  expect(some.FederatedUser!.Arn).toBe(`arn:aws:sts::${ACCOUNT}:federated-user/guest`)
  await ec2(keysOf(some.Credentials!)).send(new DescribeVpcsCommand({}))
  const Name = '/aws/service/brume/tiny/latest'
  const ssm = cloud.ssmOf({ credentials: keysOf(some.Credentials!) })
  expect((await failureOf(ssm.send(new GetParameterCommand({ Name })))).code).toBe(
    'AccessDeniedException',
  )
})

test('an expired session is refused, and not before', async () => {
  // Behind the clients, so that their signatures stay fresh when the session ends.
  let now = Date.now() - 600_000
  await using other = await startTestCloud({
    mode: 'strict',
    clock: { ...systemClock, now: () => now },
  })
  const keys = await userMake(other.iamOf(), 'short', allow('ec2:*'))
  const sts = other.stsOf({ credentials: keys })
  const { Credentials } = await sts.send(new GetSessionTokenCommand({ DurationSeconds: 900 }))
  const session = other.stsOf({ credentials: keysOf(Credentials!) })
  now += 890_000
  await session.send(new GetCallerIdentityCommand({}))
  now += 20_000
  expect(await failureOf(session.send(new GetCallerIdentityCommand({})))).toEqual({
    code: 'ExpiredToken',
    message: 'The security token included in the request is expired',
  })
})
