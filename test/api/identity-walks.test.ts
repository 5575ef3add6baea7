/**
 * Users, roles and profiles from making to deleting, with rotation between, by the three clients people have: Debian's
 * `aws`, boto3 and the JS SDK, all unmodified.
 */
import { join } from 'node:path'
import * as Iam from '@aws-sdk/client-iam'
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { DescribeVpcsCommand } from '@aws-sdk/client-ec2'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { exec, ExecError } from '../../src/lib/exec.ts'
import { ACCOUNT, ROOT_KEY, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { allow, document, failureOf, keysOf, type Keys } from '../support/iam.ts'

let cloud: TestCloud
const TIMEOUT_MS = 120_000
const PATH = '/usr/sbin:/usr/bin:/sbin:/bin'

beforeAll(async () => {
  cloud = await startTestCloud({ mode: 'strict' })
})
afterAll(() => cloud.close())

const environment = (keys: Keys) => ({
  PATH,
  HOME: '/nonexistent',
  AWS_ACCESS_KEY_ID: keys.accessKeyId,
  AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
  ...(keys.sessionToken && { AWS_SESSION_TOKEN: keys.sessionToken }),
  AWS_DEFAULT_REGION: 'us-east-1',
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_PAGER: '',
})

const trust = (user: string) =>
  document({ Effect: 'Allow', Principal: { AWS: user }, Action: 'sts:AssumeRole' })

test(
  'boto3',
  async () => {
    const script = join(import.meta.dirname, 'identity_walk.py')
    const options = { env: environment(ROOT_KEY), timeoutMs: TIMEOUT_MS }
    const { stdout } = await exec('/usr/bin/python3', [script, cloud.url], options)
    expect(JSON.parse(stdout)).toEqual({
      who: `arn:aws:iam::${ACCOUNT}:user/team/walker`,
      vpcs: 1,
      refused: 'AccessDenied',
      third: 'LimitExceeded',
      inactive: 'InvalidClientTokenId',
      used: 'sts',
      session: `arn:aws:sts::${ACCOUNT}:assumed-role/walk/boto3`,
      narrowed: 'UnauthorizedOperation',
      conflict: 'DeleteConflict',
      gone: 'UnauthorizedOperation',
      left: [],
    })
  },
  TIMEOUT_MS,
)

test(
  'aws',
  async () => {
    const aws = async (keys: Keys, ...words: string[]): Promise<Record<string, any>> => {
      const args = ['--endpoint-url', cloud.url, '--output', 'json', ...words]
      const options = { env: environment(keys), timeoutMs: TIMEOUT_MS }
      const { stdout } = await exec('/usr/bin/aws', args, options)
      return stdout.trim() === '' ? {} : (JSON.parse(stdout) as Record<string, any>)
    }
    const failure = async (keys: Keys, ...words: string[]): Promise<string> => {
      try {
        await aws(keys, ...words)
      } catch (error) {
        if (error instanceof ExecError) return /\((\w+)\)/.exec(error.message)?.[1] ?? error.message
        throw error
      }
      throw new Error(`aws ${words.join(' ')} succeeded`)
    }
    const root = ROOT_KEY
    const user = ['--user-name', 'cli']
    const { User } = await aws(root, 'iam', 'create-user', ...user)
    const policy = document(allow(['sts:AssumeRole']))
    await aws(
      root,
      'iam',
      'put-user-policy',
      ...user,
      '--policy-name',
      'own',
      '--policy-document',
      policy,
    )
    const keyMake = async () =>
      keysOf((await aws(root, 'iam', 'create-access-key', ...user)).AccessKey as object)
    const [first, second] = [await keyMake(), await keyMake()]
    expect((await aws(first, 'sts', 'get-caller-identity')).Arn).toBe(User.Arn)
    const ofFirst = [...user, '--access-key-id', first.accessKeyId]
    await aws(root, 'iam', 'update-access-key', ...ofFirst, '--status', 'Inactive')
    expect(await failure(first, 'sts', 'get-caller-identity')).toBe('InvalidClientTokenId')
    await aws(root, 'iam', 'delete-access-key', ...ofFirst)
    const role = ['--role-name', 'cli']
    const document1 = trust(User.Arn as string)
    const made = await aws(
      root,
      'iam',
      'create-role',
      ...role,
      '--assume-role-policy-document',
      document1,
    )
    const session = await aws(
      second,
      'sts',
      'assume-role',
      '--role-arn',
      made.Role.Arn as string,
      '--role-session-name',
      'cli',
    )
    const own = keysOf(session.Credentials as object)
    expect((await aws(own, 'sts', 'get-caller-identity')).Arn).toBe(session.AssumedRoleUser.Arn)
    const profile = ['--instance-profile-name', 'cli']
    await aws(root, 'iam', 'create-instance-profile', ...profile)
    await aws(root, 'iam', 'add-role-to-instance-profile', ...profile, ...role)
    expect(await failure(root, 'iam', 'delete-instance-profile', ...profile)).toBe('DeleteConflict')
    await aws(root, 'iam', 'remove-role-from-instance-profile', ...profile, ...role)
    await aws(root, 'iam', 'delete-instance-profile', ...profile)
    await aws(root, 'iam', 'delete-role', ...role)
    expect(await failure(root, 'iam', 'delete-user', ...user)).toBe('DeleteConflict')
  },
  TIMEOUT_MS,
)

test('the JS SDK', async () => {
  const iam = cloud.iamOf()
  const UserName = 'sdk'
  const { User } = await iam.send(new Iam.CreateUserCommand({ UserName }))
  await Iam.waitUntilUserExists({ client: iam, maxWaitTime: 5 }, { UserName })
  const PolicyDocument = document(allow(['ec2:DescribeVpcs', 'sts:AssumeRole']))
  await iam.send(new Iam.PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument }))
  const keyMake = async () =>
    keysOf((await iam.send(new Iam.CreateAccessKeyCommand({ UserName }))).AccessKey!)
  const [first, second] = [await keyMake(), await keyMake()]
  const who = (credentials: Keys) =>
    cloud.stsOf({ credentials }).send(new GetCallerIdentityCommand({}))
  expect((await who(first)).Arn).toBe(User!.Arn)
  await cloud.ec2Of({ credentials: second }).send(new DescribeVpcsCommand({}))
  await iam.send(new Iam.DeleteAccessKeyCommand({ UserName, AccessKeyId: first.accessKeyId }))
  expect((await failureOf(who(first))).code).toBe('InvalidClientTokenId')
  const RoleName = 'sdk'
  const AssumeRolePolicyDocument = trust(User!.Arn!)
  const { Role } = await iam.send(new Iam.CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }))
  await iam.send(new Iam.PutRolePolicyCommand({ RoleName, PolicyName: 'own', PolicyDocument }))
  const { Credentials } = await cloud
    .stsOf({ credentials: second })
    .send(new AssumeRoleCommand({ RoleArn: Role!.Arn!, RoleSessionName: 'sdk' }))
  const asRole = cloud.ec2Of({ credentials: keysOf(Credentials!) })
  await asRole.send(new DescribeVpcsCommand({}))
  const InstanceProfileName = 'sdk'
  await iam.send(new Iam.CreateInstanceProfileCommand({ InstanceProfileName }))
  const both = { InstanceProfileName, RoleName }
  await iam.send(new Iam.AddRoleToInstanceProfileCommand(both))
  await iam.send(new Iam.RemoveRoleFromInstanceProfileCommand(both))
  await iam.send(new Iam.DeleteInstanceProfileCommand({ InstanceProfileName }))
  await iam.send(new Iam.DeleteRolePolicyCommand({ RoleName, PolicyName: 'own' }))
  await iam.send(new Iam.DeleteRoleCommand({ RoleName }))
  // The session outlives the role, and may do nothing any more.
  expect((await failureOf(asRole.send(new DescribeVpcsCommand({})))).code).toBe(
    'UnauthorizedOperation',
  )
  await iam.send(new Iam.DeleteUserPolicyCommand({ UserName, PolicyName: 'own' }))
  await iam.send(new Iam.DeleteAccessKeyCommand({ UserName, AccessKeyId: second.accessKeyId }))
  await iam.send(new Iam.DeleteUserCommand({ UserName }))
  expect((await failureOf(who(second))).code).toBe('InvalidClientTokenId')
})
