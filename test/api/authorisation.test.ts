/** Policies in force: EC2, IAM and SSM asked by users and roles that may do a little, nothing, or too much. */
import {
  AuthorizeSecurityGroupIngressCommand,
  CreateSecurityGroupCommand,
  CreateTagsCommand,
  DeleteSecurityGroupCommand,
  DescribeInstancesCommand,
  DescribeVpcsCommand,
  RunInstancesCommand,
  StartInstancesCommand,
  StopInstancesCommand,
  type RunInstancesCommandInput,
} from '@aws-sdk/client-ec2'
import {
  DeleteUserCommand,
  GetAccessKeyLastUsedCommand,
  GetUserCommand,
  ListAccessKeysCommand,
  PutUserPermissionsBoundaryCommand,
  PutUserPolicyCommand,
  UpdateAccessKeyCommand,
  type IAMClient,
} from '@aws-sdk/client-iam'
import { GetParameterCommand } from '@aws-sdk/client-ssm'
import { DecodeAuthorizationMessageCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ACCOUNT, REGION, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { TINY } from '../support/app.ts'
import { allow, deny, document, failureOf, userMake, type Keys } from '../support/iam.ts'

let cloud: TestCloud
let iam: IAMClient
let serial = 0

beforeAll(async () => {
  cloud = await startTestCloud({ mode: 'strict' })
  iam = cloud.iamOf()
})
afterAll(() => cloud.close())

const nameOf = () => `user-${++serial}`
const arn = (type: string, id = '*') => `arn:aws:ec2:${REGION}:${ACCOUNT}:${type}/${id}`
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

async function launched(tags: Record<string, string> = {}): Promise<string> {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }))
  const answer = await cloud.ec2.send(
    launch(Tags.length > 0 ? { TagSpecifications: [{ ResourceType: 'instance', Tags }] } : {}),
  )
  return answer.Instances![0]!.InstanceId!
}

test('nobody may do anything that no policy allows; each answer says why', async () => {
  const keys = await user()
  const { code, message } = await failureOf(ec2(keys).send(new DescribeInstancesCommand({})))
  expect(code).toBe('UnauthorizedOperation')
  expect(message).toMatch(
    /^You are not authorized to perform this operation\. User: arn:aws:iam::111122223333:user\/user-\d+ is not authorized to perform: ec2:DescribeInstances because no identity-based policy allows the ec2:DescribeInstances action\. Encoded authorization failure message: \S+$/,
  )
  const encoded = message.split(' ').at(-1)!
  const sts = cloud.stsOf()
  const { DecodedMessage } = await sts.send(
    new DecodeAuthorizationMessageCommand({ EncodedMessage: encoded }),
  )
  expect(JSON.parse(DecodedMessage!)).toMatchObject({
    allowed: false,
    context: { action: 'ec2:DescribeInstances', resource: '*' },
  })
  const forged = `${encoded.slice(0, -4)}AAAA`
  expect(
    (await failureOf(sts.send(new DecodeAuthorizationMessageCommand({ EncodedMessage: forged }))))
      .code,
  ).toBe('InvalidAuthorizationMessageException')
  const inIam = await failureOf(cloud.iamOf({ credentials: keys }).send(new GetUserCommand({})))
  expect(inIam.code).toBe('AccessDenied')
  expect(inIam.message).toMatch(/is not authorized to perform: iam:GetUser on resource: arn:/)
  const Name = '/aws/service/brume/tiny/latest'
  const inSsm = cloud.ssmOf({ credentials: keys }).send(new GetParameterCommand({ Name }))
  expect((await failureOf(inSsm)).code).toBe('AccessDeniedException')
  const identity = await cloud.stsOf({ credentials: keys }).send(new GetCallerIdentityCommand({}))
  expect(identity.Account).toBe(ACCOUNT)
})

test('just that action, and nothing beside it', async () => {
  const own = ec2(await user(allow('ec2:DescribeVpcs')))
  expect((await own.send(new DescribeVpcsCommand({}))).Vpcs).toHaveLength(1)
  const other = await failureOf(own.send(new DescribeInstancesCommand({})))
  expect(other.code).toBe('UnauthorizedOperation')
})

test('a Deny wins over everything', async () => {
  const id = await launched()
  const own = ec2(await user(allow('*'), deny('ec2:StopInstances', arn('instance', id))))
  const refused = await failureOf(own.send(new StopInstancesCommand({ InstanceIds: [id] })))
  expect(refused.message).toContain('with an explicit deny in an identity-based policy')
  const other = await launched()
  await cloud.app.settled()
  await own.send(new StopInstancesCommand({ InstanceIds: [other] }))
})

test('by the tags of the resource', async () => {
  const mine = await launched({ team: 'a' })
  const theirs = await launched({ team: 'b' })
  const own = ec2(
    await user(
      allow('ec2:StartInstances', arn('instance'), {
        StringEquals: { 'aws:ResourceTag/team': 'a' },
      }),
    ),
  )
  await own.send(new StartInstancesCommand({ InstanceIds: [mine] }))
  // One that may not is enough to refuse all.
  for (const InstanceIds of [[theirs], [mine, theirs]]) {
    const { code } = await failureOf(own.send(new StartInstancesCommand({ InstanceIds })))
    expect(code).toBe('UnauthorizedOperation')
  }
})

test('RunInstances needs every resource that it touches, and DryRun tells', async () => {
  const others = [
    arn('network-interface'),
    arn('volume'),
    arn('subnet'),
    arn('security-group'),
    `arn:aws:ec2:${REGION}::image/*`,
  ]
  const small = allow('ec2:RunInstances', arn('instance'), {
    StringEquals: { 'ec2:InstanceType': 't3.nano' },
  })
  const own = ec2(await user(small, allow('ec2:RunInstances', others)))
  expect((await failureOf(own.send(launch({ DryRun: true })))).code).toBe('DryRunOperation')
  const bigger = launch({ InstanceType: 't3.micro', DryRun: true })
  expect((await failureOf(own.send(bigger))).code).toBe('UnauthorizedOperation')
  await own.send(launch())
  const without = ec2(await user(small, allow('ec2:RunInstances', others.slice(1))))
  expect((await failureOf(without.send(launch()))).message).toContain(
    `on resource: ${arn('network-interface')}`,
  )
})

test('tags at a launch need ec2:CreateTags, and may be demanded', async () => {
  const TagSpecifications = [
    { ResourceType: 'instance' as const, Tags: [{ Key: 'team', Value: 'a' }] },
  ]
  const run = allow('ec2:RunInstances')
  const bare = ec2(await user(run))
  const refused = await failureOf(bare.send(launch({ TagSpecifications })))
  expect(refused.message).toContain('ec2:CreateTags')
  const tagging = allow('ec2:CreateTags', arn('instance'), {
    StringEquals: { 'ec2:CreateAction': 'RunInstances' },
    'ForAllValues:StringEquals': { 'aws:TagKeys': ['team'] },
  })
  const own = ec2(await user(run, tagging))
  const { Instances } = await own.send(launch({ TagSpecifications }))
  const later = { Resources: [Instances![0]!.InstanceId!], Tags: [{ Key: 'team', Value: 'b' }] }
  expect((await failureOf(own.send(new CreateTagsCommand(later)))).code).toBe(
    'UnauthorizedOperation',
  )
  const strict = deny('ec2:RunInstances', arn('instance'), {
    Null: { 'aws:RequestTag/team': 'true' },
  })
  const demanding = ec2(await user(run, tagging, strict))
  expect((await failureOf(demanding.send(launch({ DryRun: true })))).code).toBe(
    'UnauthorizedOperation',
  )
  expect((await failureOf(demanding.send(launch({ DryRun: true, TagSpecifications })))).code).toBe(
    'DryRunOperation',
  )
})

test('a name is no way around a Deny', async () => {
  const { GroupId } = await cloud.ec2.send(
    new CreateSecurityGroupCommand({ GroupName: 'guarded', Description: 'd' }),
  )
  const own = ec2(await user(allow('*'), deny('ec2:*', arn('security-group', GroupId!))))
  for (const by of [{ GroupName: 'guarded' }, { GroupId }]) {
    const calls = [
      new DeleteSecurityGroupCommand(by),
      new AuthorizeSecurityGroupIngressCommand({
        ...by,
        IpProtocol: 'tcp',
        FromPort: 1,
        ToPort: 2,
        CidrIp: '10.0.0.0/8',
      }),
    ]
    for (const call of calls) {
      expect((await failureOf(own.send(call as never))).code).toBe('UnauthorizedOperation')
    }
  }
})

test('a boundary limits, and grants nothing', async () => {
  const UserName = nameOf()
  const keys = await userMake(iam, UserName, allow('ec2:*'))
  const PermissionsBoundary = 'arn:aws:iam::aws:policy/AmazonEC2ReadOnlyAccess'
  await iam.send(new PutUserPermissionsBoundaryCommand({ UserName, PermissionsBoundary }))
  const own = ec2(keys)
  await own.send(new DescribeInstancesCommand({}))
  const refused = await failureOf(own.send(launch()))
  expect(refused.message).toContain('because no permissions boundary allows the ec2:RunInstances')
})

test('IAM: only its own user, by a variable; a change counts at once', async () => {
  const UserName = nameOf()
  const self = allow('iam:*AccessKey*', `arn:aws:iam::${ACCOUNT}:user/\${aws:username}`)
  const keys = await userMake(iam, UserName, self)
  const own = cloud.iamOf({ credentials: keys })
  const { AccessKeyMetadata } = await own.send(new ListAccessKeysCommand({}))
  expect(AccessKeyMetadata).toMatchObject([{ AccessKeyId: keys.accessKeyId, Status: 'Active' }])
  const other = new ListAccessKeysCommand({ UserName: 'user-1' })
  expect((await failureOf(own.send(other))).code).toBe('AccessDenied')
  const PolicyDocument = document(allow('iam:DeleteUser'))
  await iam.send(new PutUserPolicyCommand({ UserName, PolicyName: 'own', PolicyDocument }))
  expect((await failureOf(own.send(new ListAccessKeysCommand({})))).code).toBe('AccessDenied')
  expect((await failureOf(own.send(new DeleteUserCommand({ UserName: 'nobody' })))).code).toBe(
    'NoSuchEntityException',
  )
  const { AccessKeyLastUsed: used } = await iam.send(
    new GetAccessKeyLastUsedCommand({ AccessKeyId: keys.accessKeyId }),
  )
  expect(used).toMatchObject({ ServiceName: 'iam', Region: REGION })
  const key = { UserName, AccessKeyId: keys.accessKeyId }
  await iam.send(new UpdateAccessKeyCommand({ ...key, Status: 'Inactive' }))
  expect((await failureOf(own.send(new GetUserCommand({})))).code).toBe('InvalidClientTokenId')
})
