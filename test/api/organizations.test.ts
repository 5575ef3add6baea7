/** Organizations: accounts made and entered, units, documents and tags of policies, accounts closed and left. */
import { DescribeVpcsCommand } from '@aws-sdk/client-ec2'
import {
  CreateUserCommand,
  GetRoleCommand,
  ListUsersCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam'
import {
  CloseAccountCommand,
  CreateAccountCommand,
  CreateOrganizationalUnitCommand,
  CreateOrganizationCommand,
  CreatePolicyCommand,
  DeleteOrganizationalUnitCommand,
  DeleteOrganizationCommand,
  DeletePolicyCommand,
  DescribeAccountCommand,
  DescribeOrganizationalUnitCommand,
  DescribeOrganizationCommand,
  DescribePolicyCommand,
  ListAccountsCommand,
  ListAccountsForParentCommand,
  ListAWSServiceAccessForOrganizationCommand,
  ListChildrenCommand,
  ListCreateAccountStatusCommand,
  ListDelegatedAdministratorsCommand,
  ListOrganizationalUnitsForParentCommand,
  ListParentsCommand,
  ListPoliciesCommand,
  ListTagsForResourceCommand,
  MoveAccountCommand,
  RemoveAccountFromOrganizationCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateOrganizationalUnitCommand,
  UpdatePolicyCommand,
  type OrganizationsClient,
} from '@aws-sdk/client-organizations'
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { allow, deny, document, failureOf, userMake } from '../support/iam.ts'
import { organisationMake, type TestOrganisation } from '../support/organisation.ts'

let cloud: TestCloud
let organizations: OrganizationsClient
let rootId: string
let accountMake: TestOrganisation['accountMake']
let enter: TestOrganisation['assumeIn']

const Filter = 'SERVICE_CONTROL_POLICY' as const
const FULL = 'p-FullAWSAccess'

beforeAll(async () => {
  cloud = await startTestCloud({ mode: 'strict' })
  const nobody = cloud.organizationsOf().send(new ListAccountsCommand({}))
  expect((await failureOf(nobody)).code).toBe('AWSOrganizationsNotInUseException')
  const made = await organisationMake(cloud)
  ;({ organizations, rootId, accountMake, assumeIn: enter } = made)
  const { Organization } = await organizations.send(new DescribeOrganizationCommand({}))
  expect(Organization).toMatchObject({ FeatureSet: 'ALL', MasterAccountId: ACCOUNT })
  expect(Organization!.Id).toMatch(/^o-[a-z0-9]{10,32}$/)
  const again = organizations.send(new CreateOrganizationCommand({}))
  expect((await failureOf(again)).code).toBe('AlreadyInOrganizationException')
})
afterAll(() => cloud.close())

test('an account is made, entered by its role, and apart from the others', async () => {
  const account = await accountMake()
  expect(account).toMatch(/^[1-9]\d{11}$/)
  const credentials = await enter(account)
  const who = await cloud.stsOf({ credentials }).send(new GetCallerIdentityCommand({}))
  expect(who.Account).toBe(account)
  const iam = cloud.iamOf({ credentials })
  await iam.send(new CreateUserCommand({ UserName: 'admin' }))
  const { Users } = await iam.send(new ListUsersCommand({}))
  expect(Users!.map(({ Arn }) => Arn)).toEqual([`arn:aws:iam::${account}:user/admin`])
  const vpcsOf = async (client: typeof cloud.ec2) =>
    (await client.send(new DescribeVpcsCommand({}))).Vpcs!
  const [own] = await vpcsOf(cloud.ec2Of({ credentials }))
  expect(own).toMatchObject({ OwnerId: account, IsDefault: true })
  expect((await vpcsOf(cloud.ec2)).map(({ VpcId }) => VpcId)).not.toContain(own!.VpcId)
  const member = cloud.organizationsOf({ credentials })
  const { Organization } = await member.send(new DescribeOrganizationCommand({}))
  expect(Organization!.MasterAccountId).toBe(ACCOUNT)
  expect((await failureOf(member.send(new ListAccountsCommand({})))).code).toBe(
    'AccessDeniedException',
  )
  const { Accounts } = await organizations.send(new ListAccountsCommand({}))
  expect(Accounts).toContainEqual(
    expect.objectContaining({ Id: account, Status: 'ACTIVE', JoinedMethod: 'CREATED' }),
  )
  const { Account } = await organizations.send(new DescribeAccountCommand({ AccountId: account }))
  expect(Account!.Arn).toMatch(
    new RegExp(`^arn:aws:organizations::${ACCOUNT}:account/o-.*/${account}$`),
  )
})

test('an address is of one account; the request tells', async () => {
  await accountMake('same')
  const { CreateAccountStatus } = await organizations.send(
    new CreateAccountCommand({ AccountName: 'other', Email: 'SAME@example.com' }),
  )
  expect(CreateAccountStatus).toMatchObject({
    State: 'FAILED',
    FailureReason: 'EMAIL_ALREADY_EXISTS',
  })
  const { CreateAccountStatuses } = await organizations.send(
    new ListCreateAccountStatusCommand({ States: ['FAILED'] }),
  )
  expect(CreateAccountStatuses).toHaveLength(1)
})

test('a stranger is not let in by the role', async () => {
  const account = await accountMake()
  const own = await enter(account)
  const stranger = await userMake(cloud.iamOf({ credentials: own }), 'x', allow('*'))
  const other = await accountMake()
  const into = cloud.stsOf({ credentials: stranger }).send(
    new AssumeRoleCommand({
      RoleArn: `arn:aws:iam::${other}:role/OrganizationAccountAccessRole`,
      RoleSessionName: 'stranger',
    }),
  )
  expect((await failureOf(into)).code).toBe('AccessDenied')
})

test('units: made, named, nested, moved to, deleted when empty', async () => {
  const send = organizations.send.bind(organizations)
  const make = async (ParentId: string, Name: string) =>
    (await send(new CreateOrganizationalUnitCommand({ ParentId, Name }))).OrganizationalUnit!.Id!
  const outer = await make(rootId, 'outer')
  expect(outer).toMatch(/^ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}$/)
  expect((await failureOf(make(rootId, 'outer'))).code).toBe('DuplicateOrganizationalUnitException')
  const inner = await make(outer, 'inner')
  const update = { OrganizationalUnitId: inner, Name: 'core' }
  await send(new UpdateOrganizationalUnitCommand(update))
  const { OrganizationalUnits } = await send(
    new ListOrganizationalUnitsForParentCommand({ ParentId: outer }),
  )
  expect(OrganizationalUnits).toMatchObject([{ Id: inner, Name: 'core' }])
  const account = await accountMake()
  const move = { AccountId: account, SourceParentId: rootId, DestinationParentId: inner }
  await send(new MoveAccountCommand(move))
  expect((await failureOf(send(new MoveAccountCommand(move)))).code).toBe(
    'SourceParentNotFoundException',
  )
  const { Parents } = await send(new ListParentsCommand({ ChildId: account }))
  expect(Parents).toEqual([{ Id: inner, Type: 'ORGANIZATIONAL_UNIT' }])
  const { Accounts } = await send(new ListAccountsForParentCommand({ ParentId: inner }))
  expect(Accounts).toMatchObject([{ Id: account }])
  const { Children } = await send(
    new ListChildrenCommand({ ParentId: outer, ChildType: 'ORGANIZATIONAL_UNIT' }),
  )
  expect(Children).toEqual([{ Id: inner, Type: 'ORGANIZATIONAL_UNIT' }])
  const unit = { OrganizationalUnitId: inner }
  expect((await failureOf(send(new DeleteOrganizationalUnitCommand(unit)))).code).toBe(
    'OrganizationalUnitNotEmptyException',
  )
  const back = { AccountId: account, SourceParentId: inner, DestinationParentId: rootId }
  await send(new MoveAccountCommand(back))
  await send(new DeleteOrganizationalUnitCommand(unit))
  expect((await failureOf(send(new DescribeOrganizationalUnitCommand(unit)))).code).toBe(
    'OrganizationalUnitNotFoundException',
  )
})

test('documents, names and tags of policies; what is not there', async () => {
  const send = organizations.send.bind(organizations)
  const policy = { Name: 'a', Description: '', Type: Filter, Content: document(allow('*')) }
  const { Policy } = await send(new CreatePolicyCommand(policy))
  const PolicyId = Policy!.PolicySummary!.Id!
  const codeOf = async (call: Promise<unknown>) => (await failureOf(call)).code
  expect(await codeOf(send(new CreatePolicyCommand(policy)))).toBe('DuplicatePolicyException')
  expect(await codeOf(send(new CreatePolicyCommand({ ...policy, Name: 'b', Content: '{}' })))).toBe(
    'MalformedPolicyDocumentException',
  )
  const backup = { ...policy, Type: 'BACKUP_POLICY' as const }
  expect(await codeOf(send(new CreatePolicyCommand(backup)))).toBe(
    'PolicyTypeNotAvailableForOrganizationException',
  )
  const Tags = [{ Key: 'team', Value: 'a' }]
  await send(new TagResourceCommand({ ResourceId: PolicyId, Tags }))
  const tags = async () =>
    (await send(new ListTagsForResourceCommand({ ResourceId: PolicyId }))).Tags
  expect(await tags()).toEqual(Tags)
  await send(new UntagResourceCommand({ ResourceId: PolicyId, TagKeys: ['team'] }))
  expect(await tags()).toEqual([])
  const { Policy: aws } = await send(new DescribePolicyCommand({ PolicyId: FULL }))
  expect(aws!.PolicySummary).toMatchObject({ AwsManaged: true, Name: 'FullAWSAccess' })
  expect(await codeOf(send(new UpdatePolicyCommand({ PolicyId: FULL, Name: 'x' })))).toBe(
    'AccessDeniedException',
  )
  await send(new DeletePolicyCommand({ PolicyId }))
  expect(await codeOf(send(new DescribePolicyCommand({ PolicyId })))).toBe(
    'PolicyNotFoundException',
  )
  expect((await send(new ListPoliciesCommand({ Filter: 'TAG_POLICY' }))).Policies).toEqual([])
  await send(new ListAWSServiceAccessForOrganizationCommand({}))
  await send(new ListDelegatedAdministratorsCommand({}))
  expect(await codeOf(send(new DescribeAccountCommand({ AccountId: '999999999999' })))).toBe(
    'AccountNotFoundException',
  )
})

test('a closed account can do nothing, one that left is on its own', async () => {
  const closed = await accountMake()
  const credentials = await enter(closed)
  await organizations.send(new CloseAccountCommand({ AccountId: closed }))
  const ec2 = cloud.ec2Of({ credentials })
  expect((await failureOf(ec2.send(new DescribeVpcsCommand({})))).code).toBe(
    'UnauthorizedOperation',
  )
  expect((await failureOf(enter(closed))).code).toBe('AccessDenied')
  const left = await accountMake()
  await organizations.send(new RemoveAccountFromOrganizationCommand({ AccountId: left }))
  const own = cloud.iamOf({ credentials: await enter(left) })
  const RoleName = 'OrganizationAccountAccessRole'
  expect((await own.send(new GetRoleCommand({ RoleName }))).Role!.Arn).toContain(left)
  const alone = cloud.organizationsOf({ credentials: await enter(left) })
  expect((await failureOf(alone.send(new DescribeOrganizationCommand({})))).code).toBe(
    'AWSOrganizationsNotInUseException',
  )
})

test('aws:PrincipalOrgID tells who is of the organisation', async () => {
  const { Organization } = await organizations.send(new DescribeOrganizationCommand({}))
  const account = await accountMake()
  const credentials = await enter(account)
  const iam = cloud.iamOf({ credentials })
  const RoleName = 'OrganizationAccountAccessRole'
  const put = (id: string) =>
    iam.send(
      new PutRolePolicyCommand({
        RoleName,
        PolicyName: 'org',
        PolicyDocument: document(
          deny('ec2:*', '*', { StringNotEquals: { 'aws:PrincipalOrgID': id } }),
        ),
      }),
    )
  const ec2 = cloud.ec2Of({ credentials })
  await put(Organization!.Id!)
  await ec2.send(new DescribeVpcsCommand({}))
  await put('o-somebodyelse')
  expect((await failureOf(ec2.send(new DescribeVpcsCommand({})))).code).toBe(
    'UnauthorizedOperation',
  )
})

test('only an empty organisation is deleted', async () => {
  expect((await failureOf(organizations.send(new DeleteOrganizationCommand({})))).code).toBe(
    'OrganizationNotEmptyException',
  )
  await using other = await startTestCloud({ mode: 'strict' })
  const own = other.organizationsOf()
  await own.send(new CreateOrganizationCommand({}))
  await own.send(new DeleteOrganizationCommand({}))
  expect((await failureOf(own.send(new DescribeOrganizationCommand({})))).code).toBe(
    'AWSOrganizationsNotInUseException',
  )
})
