/** IAM's entities through the SDK: made, found, changed, refused, deleted. */
import {
  AddRoleToInstanceProfileCommand,
  AddUserToGroupCommand,
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  ChangePasswordCommand,
  CreateAccessKeyCommand,
  CreateAccountAliasCommand,
  CreateGroupCommand,
  CreateInstanceProfileCommand,
  CreateLoginProfileCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateRoleCommand,
  CreateServiceLinkedRoleCommand,
  CreateUserCommand,
  DeleteAccessKeyCommand,
  DeleteGroupCommand,
  DeleteInstanceProfileCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DeleteRoleCommand,
  DeleteServiceLinkedRoleCommand,
  DeleteUserCommand,
  DetachUserPolicyCommand,
  GetAccountPasswordPolicyCommand,
  GetAccountSummaryCommand,
  GetContextKeysForCustomPolicyCommand,
  GetGroupCommand,
  GetInstanceProfileCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  GetServiceLinkedRoleDeletionStatusCommand,
  GetUserCommand,
  ListAccountAliasesCommand,
  ListAttachedUserPoliciesCommand,
  ListEntitiesForPolicyCommand,
  ListGroupsForUserCommand,
  ListInstanceProfilesForRoleCommand,
  ListPoliciesCommand,
  ListPolicyVersionsCommand,
  ListRolePoliciesCommand,
  ListUsersCommand,
  ListUserTagsCommand,
  PutRolePolicyCommand,
  RemoveRoleFromInstanceProfileCommand,
  SetDefaultPolicyVersionCommand,
  SimulateCustomPolicyCommand,
  SimulatePrincipalPolicyCommand,
  TagUserCommand,
  UntagUserCommand,
  UpdateAccountPasswordPolicyCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateUserCommand,
  type IAMClient,
} from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { allow, document, failureOf, userMake } from '../support/iam.ts'

let cloud: TestCloud
let iam: IAMClient

beforeAll(async () => {
  cloud = await startTestCloud({ mode: 'strict' })
  iam = cloud.iamOf()
})
afterAll(() => cloud.close())

const TRUST_EC2 = document({
  Effect: 'Allow',
  Principal: { Service: 'ec2.amazonaws.com' },
  Action: 'sts:AssumeRole',
})

test('a user: made, found whatever its case, renamed, tagged, deleted', async () => {
  const { User: user } = await iam.send(
    new CreateUserCommand({ UserName: 'Ada', Path: '/dev/', Tags: [{ Key: 'team', Value: 'a' }] }),
  )
  expect(user).toMatchObject({ UserName: 'Ada', Arn: `arn:aws:iam::${ACCOUNT}:user/dev/Ada` })
  expect(user!.UserId).toMatch(/^AIDA[A-Z2-7]{17}$/)
  const again = await failureOf(iam.send(new CreateUserCommand({ UserName: 'ADA' })))
  expect(again).toEqual({
    code: 'EntityAlreadyExistsException',
    message: 'User with name ADA already exists.',
  })
  await iam.send(
    new TagUserCommand({
      UserName: 'Ada',
      Tags: [
        { Key: 'Team', Value: 'b' },
        { Key: 'x', Value: '' },
      ],
    }),
  )
  await iam.send(new UntagUserCommand({ UserName: 'Ada', TagKeys: ['x'] }))
  const { Tags } = await iam.send(new ListUserTagsCommand({ UserName: 'Ada' }))
  expect(Tags).toEqual([{ Key: 'Team', Value: 'b' }])
  await iam.send(new UpdateUserCommand({ UserName: 'Ada', NewUserName: 'Ada.L', NewPath: '/' }))
  const { User: renamed } = await iam.send(new GetUserCommand({ UserName: 'ada.l' }))
  expect(renamed).toMatchObject({ UserId: user!.UserId, UserName: 'Ada.L', Path: '/' })
  await iam.send(new DeleteUserCommand({ UserName: 'Ada.L' }))
  expect(await failureOf(iam.send(new GetUserCommand({ UserName: 'Ada.L' })))).toEqual({
    code: 'NoSuchEntityException',
    message: 'The user with name Ada.L cannot be found.',
  })
})

test('lists have pages and path prefixes', async () => {
  for (const UserName of ['p1', 'p2', 'p3']) {
    await iam.send(new CreateUserCommand({ UserName, Path: '/pages/' }))
  }
  const first = await iam.send(new ListUsersCommand({ PathPrefix: '/pages/', MaxItems: 2 }))
  expect(first.Users!.map((one) => one.UserName)).toEqual(['p1', 'p2'])
  expect(first.IsTruncated).toBe(true)
  const more = { PathPrefix: '/pages/', MaxItems: 2, Marker: first.Marker! }
  const last = await iam.send(new ListUsersCommand(more))
  expect(last).toMatchObject({ IsTruncated: false, Users: [{ UserName: 'p3' }] })
})

test('groups and their members', async () => {
  await iam.send(new CreateGroupCommand({ GroupName: 'devs' }))
  await iam.send(new CreateUserCommand({ UserName: 'member' }))
  await iam.send(new AddUserToGroupCommand({ GroupName: 'devs', UserName: 'member' }))
  const { Users } = await iam.send(new GetGroupCommand({ GroupName: 'devs' }))
  expect(Users!.map((one) => one.UserName)).toEqual(['member'])
  const { Groups } = await iam.send(new ListGroupsForUserCommand({ UserName: 'member' }))
  expect(Groups).toMatchObject([{ GroupName: 'devs' }])
  const refused = await failureOf(iam.send(new DeleteGroupCommand({ GroupName: 'devs' })))
  expect(refused.code).toBe('DeleteConflictException')
  expect((await failureOf(iam.send(new DeleteUserCommand({ UserName: 'member' })))).code).toBe(
    'DeleteConflictException',
  )
})

test('a policy has at most five versions, and is in use while it is attached', async () => {
  const { Policy: policy } = await iam.send(
    new CreatePolicyCommand({
      PolicyName: 'reader',
      PolicyDocument: document(allow('ec2:Describe*')),
      Description: 'reads',
    }),
  )
  const PolicyArn = policy!.Arn!
  expect(PolicyArn).toBe(`arn:aws:iam::${ACCOUNT}:policy/reader`)
  for (let n = 2; n <= 5; n++) {
    const PolicyDocument = document(allow(`ec2:Get${n}*`))
    await iam.send(
      new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument, SetAsDefault: n === 5 }),
    )
  }
  const sixth = new CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: document(allow('*')) })
  expect((await failureOf(iam.send(sixth))).code).toBe('LimitExceededException')
  const { Versions } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn }))
  expect(Versions!.map((one) => one.VersionId)).toEqual(['v5', 'v4', 'v3', 'v2', 'v1'])
  await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId: 'v1' }))
  const { PolicyVersion: version } = await iam.send(
    new GetPolicyVersionCommand({ PolicyArn, VersionId: 'v1' }),
  )
  expect(JSON.parse(decodeURIComponent(version!.Document!))).toMatchObject({
    Statement: [{ Action: 'ec2:Describe*' }],
  })
  await userMake(iam, 'holder')
  await iam.send(new AttachUserPolicyCommand({ UserName: 'holder', PolicyArn }))
  const uses = await iam.send(new ListEntitiesForPolicyCommand({ PolicyArn }))
  expect(uses.PolicyUsers).toMatchObject([{ UserName: 'holder' }])
  expect((await iam.send(new GetPolicyCommand({ PolicyArn }))).Policy!.AttachmentCount).toBe(1)
  expect((await failureOf(iam.send(new DeletePolicyCommand({ PolicyArn })))).code).toBe(
    'DeleteConflictException',
  )
  await iam.send(new DetachUserPolicyCommand({ UserName: 'holder', PolicyArn }))
  for (const VersionId of ['v2', 'v3', 'v4', 'v5']) {
    await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }))
  }
  await iam.send(new DeletePolicyCommand({ PolicyArn }))
})

test("AWS's own policies are there, with their documents", async () => {
  const names = ['AdministratorAccess', 'AmazonEC2FullAccess', 'AmazonSSMManagedInstanceCore']
  for (const name of names) {
    const PolicyArn = `arn:aws:iam::aws:policy/${name}`
    const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }))
    const VersionId = Policy!.DefaultVersionId!
    const { PolicyVersion } = await iam.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }))
    expect(JSON.parse(decodeURIComponent(PolicyVersion!.Document!)).Statement).toBeTruthy()
  }
  const page = await iam.send(new ListPoliciesCommand({ Scope: 'AWS', MaxItems: 1000 }))
  expect(page.Policies!.length).toBe(1000)
  await userMake(iam, 'admin')
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess'
  await iam.send(new AttachUserPolicyCommand({ UserName: 'admin', PolicyArn }))
  const { AttachedPolicies } = await iam.send(
    new ListAttachedUserPoliciesCommand({ UserName: 'admin' }),
  )
  expect(AttachedPolicies).toEqual([{ PolicyName: 'AdministratorAccess', PolicyArn }])
})

test('documents that are no policies are refused in words', async () => {
  const wrong: [string, string][] = [
    ['{', 'Syntax errors in policy.'],
    [JSON.stringify({ Version: '2012-10-17', Statement: [] }), 'Syntax errors in policy.'],
    [document({ Effect: 'Allow', Resource: '*' }), 'Policy statement must contain actions.'],
    [document({ Effect: 'Allow', Action: 'ec2:*' }), 'Policy statement must contain resources.'],
    [
      document({ Effect: 'Allow', Action: 'ec2:*', Resource: '*', Principal: '*' }),
      'Policy document should not specify a principal.',
    ],
    [document(allow('ec2:*', 'i-1')), 'Resource i-1 must be in ARN format or "*".'],
  ]
  for (const [PolicyDocument, message] of wrong) {
    const call = iam.send(new CreatePolicyCommand({ PolicyName: 'wrong', PolicyDocument }))
    expect(await failureOf(call)).toEqual({ code: 'MalformedPolicyDocumentException', message })
  }
})

test('a role, its trust policy, its profile', async () => {
  const { Role: role } = await iam.send(
    new CreateRoleCommand({ RoleName: 'web', AssumeRolePolicyDocument: TRUST_EC2 }),
  )
  expect(role!.RoleId).toMatch(/^AROA/)
  expect(decodeURIComponent(role!.AssumeRolePolicyDocument!)).toBe(TRUST_EC2)
  const nobody = document({
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:user/nobody` },
    Action: 'sts:AssumeRole',
  })
  const refused = iam.send(
    new UpdateAssumeRolePolicyCommand({ RoleName: 'web', PolicyDocument: nobody }),
  )
  expect(await failureOf(refused)).toEqual({
    code: 'MalformedPolicyDocumentException',
    message: `Invalid principal in policy: "AWS":"arn:aws:iam::${ACCOUNT}:user/nobody"`,
  })
  const inline = { RoleName: 'web', PolicyName: 'own' }
  const PolicyDocument = document(allow('ec2:*'))
  await iam.send(new PutRolePolicyCommand({ ...inline, PolicyDocument }))
  const { PolicyNames } = await iam.send(new ListRolePoliciesCommand({ RoleName: 'web' }))
  expect(PolicyNames).toEqual(['own'])
  const got = await iam.send(new GetRolePolicyCommand(inline))
  expect(decodeURIComponent(got.PolicyDocument!)).toBe(PolicyDocument)
  const profile = { InstanceProfileName: 'web' }
  await iam.send(new CreateInstanceProfileCommand(profile))
  await iam.send(new AddRoleToInstanceProfileCommand({ ...profile, RoleName: 'web' }))
  const second = new AddRoleToInstanceProfileCommand({ ...profile, RoleName: 'web' })
  expect((await failureOf(iam.send(second))).code).toBe('LimitExceededException')
  const { InstanceProfile: found } = await iam.send(new GetInstanceProfileCommand(profile))
  expect(found).toMatchObject({ Roles: [{ RoleName: 'web' }] })
  const of = await iam.send(new ListInstanceProfilesForRoleCommand({ RoleName: 'web' }))
  expect(of.InstanceProfiles).toMatchObject([profile])
  for (const call of [new DeleteRoleCommand({ RoleName: 'web' })]) {
    expect((await failureOf(iam.send(call))).code).toBe('DeleteConflictException')
  }
  await iam.send(new RemoveRoleFromInstanceProfileCommand({ ...profile, RoleName: 'web' }))
  await iam.send(new DeleteInstanceProfileCommand(profile))
})

test("a service's own role cannot be changed", async () => {
  const AWSServiceName = 'backup.amazonaws.com'
  const { Role } = await iam.send(new CreateServiceLinkedRoleCommand({ AWSServiceName }))
  expect(Role).toMatchObject({ RoleName: 'AWSServiceRoleForBackup' })
  const RoleName = Role!.RoleName!
  const attach = { RoleName, PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }
  expect((await failureOf(iam.send(new AttachRolePolicyCommand(attach)))).code).toBe(
    'UnmodifiableEntityException',
  )
  const { DeletionTaskId } = await iam.send(new DeleteServiceLinkedRoleCommand({ RoleName }))
  const task = await iam.send(
    new GetServiceLinkedRoleDeletionStatusCommand({ DeletionTaskId: DeletionTaskId! }),
  )
  expect(task.Status).toBe('SUCCEEDED')
  expect((await failureOf(iam.send(new GetRoleCommand({ RoleName })))).code).toBe(
    'NoSuchEntityException',
  )
})

test('access keys: two at most; passwords by the policy', async () => {
  const keys = await userMake(iam, 'keyed', allow('iam:ChangePassword'))
  await iam.send(new CreateAccessKeyCommand({ UserName: 'keyed' }))
  const third = await failureOf(iam.send(new CreateAccessKeyCommand({ UserName: 'keyed' })))
  expect(third).toEqual({
    code: 'LimitExceededException',
    message: 'Cannot exceed quota for AccessKeysPerUser: 2',
  })
  expect((await failureOf(iam.send(new DeleteUserCommand({ UserName: 'keyed' })))).code).toBe(
    'DeleteConflictException',
  )
  expect((await failureOf(iam.send(new GetAccountPasswordPolicyCommand({})))).code).toBe(
    'NoSuchEntityException',
  )
  await iam.send(
    new UpdateAccountPasswordPolicyCommand({
      MinimumPasswordLength: 12,
      PasswordReusePrevention: 2,
    }),
  )
  const login = (Password: string) =>
    iam.send(new CreateLoginProfileCommand({ UserName: 'keyed', Password }))
  expect((await failureOf(login('short'))).code).toBe('PasswordPolicyViolationException')
  // What was typed stands in no answer, and so in nobody's log.
  const odd = await failureOf(login('a secret of mine\u0000'))
  expect(odd.code).toBe('ValidationError')
  expect(odd.message).toContain("Value '***' at 'password'")
  await login('long enough for this')
  const own = cloud.iamOf({ credentials: keys })
  const change = (OldPassword: string, NewPassword: string) =>
    own.send(new ChangePasswordCommand({ OldPassword, NewPassword }))
  expect(await failureOf(change('wrong', 'another long one'))).toMatchObject({
    code: 'AccessDenied',
  })
  await change('long enough for this', 'another long one')
  expect((await failureOf(change('another long one', 'another long one'))).code).toBe(
    'PasswordPolicyViolationException',
  )
})

test('alias, summary', async () => {
  await iam.send(new CreateAccountAliasCommand({ AccountAlias: 'my-cloud' }))
  const { AccountAliases } = await iam.send(new ListAccountAliasesCommand({}))
  expect(AccountAliases).toEqual(['my-cloud'])
  const { SummaryMap } = await iam.send(new GetAccountSummaryCommand({}))
  expect(SummaryMap).toMatchObject({ AccessKeysPerUserQuota: 2 })
})

test('the simulator answers what the API would', async () => {
  await userMake(
    iam,
    'simulated',
    allow('ec2:StartInstances', '*', {
      StringEquals: { 'aws:ResourceTag/team': 'a' },
    }),
  )
  const PolicySourceArn = `arn:aws:iam::${ACCOUNT}:user/simulated`
  const ask = async (team: string) => {
    const { EvaluationResults } = await iam.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn,
        ActionNames: ['ec2:StartInstances', 'ec2:StopInstances'],
        ContextEntries: [
          {
            ContextKeyName: 'aws:ResourceTag/team',
            ContextKeyType: 'string',
            ContextKeyValues: [team],
          },
        ],
      }),
    )
    return EvaluationResults!.map((one) => one.EvalDecision)
  }
  expect(await ask('a')).toEqual(['allowed', 'implicitDeny'])
  expect(await ask('b')).toEqual(['implicitDeny', 'implicitDeny'])
  const PolicyInputList = [document(allow('*'), { ...allow('iam:*'), Effect: 'Deny' })]
  const custom = await iam.send(
    new SimulateCustomPolicyCommand({
      PolicyInputList,
      ActionNames: ['iam:GetUser', 'ec2:RunInstances'],
    }),
  )
  expect(custom.EvaluationResults!.map((one) => one.EvalDecision)).toEqual([
    'explicitDeny',
    'allowed',
  ])
  const keys = await iam.send(
    new GetContextKeysForCustomPolicyCommand({
      PolicyInputList: [document(allow('ec2:*', 'arn:aws:ec2:*:*:instance/${aws:username}'))],
    }),
  )
  expect(keys.ContextKeyNames).toEqual(['aws:username'])
})

test('deleted keys are gone', async () => {
  const keys = await userMake(iam, 'shortlived', allow('iam:GetUser'))
  const own = cloud.iamOf({ credentials: keys })
  expect((await own.send(new GetUserCommand({}))).User!.UserName).toBe('shortlived')
  const key = { UserName: 'shortlived', AccessKeyId: keys.accessKeyId }
  await iam.send(new DeleteAccessKeyCommand(key))
  expect((await failureOf(own.send(new GetUserCommand({})))).code).toBe('InvalidClientTokenId')
})
