/** Service control policies: whom they limit, step by step from the root of the organisation to the account. */
import { DescribeInstancesCommand, DescribeVpcsCommand } from '@aws-sdk/client-ec2'
import {
  AttachPolicyCommand,
  CreateAccountCommand,
  CreateOrganizationalUnitCommand,
  CreateOrganizationCommand,
  CreatePolicyCommand,
  DeletePolicyCommand,
  DescribeOrganizationCommand,
  DetachPolicyCommand,
  EnablePolicyTypeCommand,
  DisablePolicyTypeCommand,
  ListPoliciesForTargetCommand,
  ListRootsCommand,
  ListTargetsForPolicyCommand,
  MoveAccountCommand,
  UpdatePolicyCommand,
  type OrganizationsClient,
} from '@aws-sdk/client-organizations'
import { SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ACCOUNT, startTestCloud, type TestCloud } from '../support/cloud.ts'
import { allow, deny, document, failureOf, userMake } from '../support/iam.ts'
import { organisationMake, type TestOrganisation } from '../support/organisation.ts'

let cloud: TestCloud
let organizations: OrganizationsClient
let rootId: string
let accountMake: TestOrganisation['accountMake']
let enter: TestOrganisation['assumeIn']
let admin: TestOrganisation['admin']

const Filter = 'SERVICE_CONTROL_POLICY' as const
const FULL = 'p-FullAWSAccess'

beforeAll(async () => {
  cloud = await startTestCloud({ mode: 'strict' })
  const made = await organisationMake(cloud)
  ;({ organizations, rootId, accountMake, assumeIn: enter, admin } = made)
})
afterAll(() => cloud.close())

test('a service control policy limits everybody in the account but not its management', async () => {
  const send = organizations.send.bind(organizations)
  const account = await accountMake()
  const credentials = await enter(account)
  const ec2 = cloud.ec2Of({ credentials })
  const Content = document(deny('ec2:DescribeInstances'))
  const { Policy } = await send(
    new CreatePolicyCommand({ Name: 'no', Description: 'd', Type: Filter, Content }),
  )
  const PolicyId = Policy!.PolicySummary!.Id!
  const attach = new AttachPolicyCommand({ PolicyId, TargetId: account })
  expect((await failureOf(send(attach))).code).toBe('PolicyTypeNotEnabledException')
  await send(new EnablePolicyTypeCommand({ RootId: rootId, PolicyType: Filter }))
  await send(attach)
  expect((await failureOf(send(attach))).code).toBe('DuplicatePolicyAttachmentException')
  const refused = await failureOf(ec2.send(new DescribeInstancesCommand({})))
  expect(refused.code).toBe('UnauthorizedOperation')
  expect(refused.message).toContain('with an explicit deny in a service control policy')
  await ec2.send(new DescribeVpcsCommand({}))
  await cloud.ec2Of({ credentials: admin }).send(new DescribeInstancesCommand({}))
  const { Targets } = await send(new ListTargetsForPolicyCommand({ PolicyId }))
  expect(Targets).toMatchObject([{ TargetId: account, Type: 'ACCOUNT' }])
  const { Policies } = await send(new ListPoliciesForTargetCommand({ TargetId: account, Filter }))
  expect(Policies!.map(({ Id }) => Id).sort()).toEqual([PolicyId, FULL].sort())
  expect((await failureOf(send(new DeletePolicyCommand({ PolicyId })))).code).toBe(
    'PolicyInUseException',
  )
  // Another document counts at once.
  const allowing = document(allow('ec2:*'), allow('sts:*'), allow('iam:*'))
  await send(new UpdatePolicyCommand({ PolicyId, Content: allowing }))
  await ec2.send(new DescribeInstancesCommand({}))
  // The last policy of a target stays; without AWS's own only what the others allow is left.
  await send(new DetachPolicyCommand({ PolicyId: FULL, TargetId: account }))
  const last = send(new DetachPolicyCommand({ PolicyId, TargetId: account }))
  expect((await failureOf(last)).code).toBe('ConstraintViolationException')
  const inOrganizations = cloud.organizationsOf({ credentials })
  const unlisted = await failureOf(inOrganizations.send(new DescribeOrganizationCommand({})))
  expect(unlisted.message).toContain('because no service control policy allows')
  await send(new DisablePolicyTypeCommand({ RootId: rootId, PolicyType: Filter }))
  await inOrganizations.send(new DescribeOrganizationCommand({}))
  await send(new EnablePolicyTypeCommand({ RootId: rootId, PolicyType: Filter }))
})

test('the simulator says what service control policies leave', async () => {
  const send = organizations.send.bind(organizations)
  const account = await accountMake()
  const iam = cloud.iamOf({ credentials: await enter(account) })
  const UserName = 'everything'
  await userMake(iam, UserName, allow('*'), deny('ec2:StopInstances'))
  const Content = document(deny('ec2:StartInstances'))
  const { Policy } = await send(
    new CreatePolicyCommand({ Name: 'no start', Description: 'd', Type: Filter, Content }),
  )
  const PolicyId = Policy!.PolicySummary!.Id!
  await send(new AttachPolicyCommand({ PolicyId, TargetId: account }))
  const simulate = async (id: string, client = iam) => {
    const { EvaluationResults } = await client.send(
      new SimulatePrincipalPolicyCommand({
        PolicySourceArn: `arn:aws:iam::${id}:user/${UserName}`,
        ActionNames: ['ec2:RunInstances', 'ec2:StartInstances', 'ec2:StopInstances'],
      }),
    )
    return EvaluationResults!.map(({ EvalDecision, OrganizationsDecisionDetail }) => [
      EvalDecision,
      OrganizationsDecisionDetail?.AllowedByOrganizations,
    ])
  }
  expect(await simulate(account)).toEqual([
    ['allowed', true],
    ['explicitDeny', false],
    ['explicitDeny', true],
  ])
  const own = cloud.iamOf()
  await userMake(own, UserName, allow('*'))
  expect(await simulate(ACCOUNT, own)).toEqual(Array(3).fill(['allowed', undefined]))
})

test('every step down to the account must allow', async () => {
  const send = organizations.send.bind(organizations)
  const { OrganizationalUnit: unit } = await send(
    new CreateOrganizationalUnitCommand({ ParentId: rootId, Name: 'limited' }),
  )
  const account = await accountMake()
  const TargetId = unit!.Id!
  await send(
    new MoveAccountCommand({
      AccountId: account,
      SourceParentId: rootId,
      DestinationParentId: TargetId,
    }),
  )
  const ec2 = cloud.ec2Of({ credentials: await enter(account) })
  const { Policy } = await send(
    new CreatePolicyCommand({
      Name: 'only vpcs',
      Description: 'd',
      Type: Filter,
      Content: document(allow('ec2:DescribeVpcs')),
    }),
  )
  const PolicyId = Policy!.PolicySummary!.Id!
  await send(new AttachPolicyCommand({ PolicyId, TargetId }))
  await ec2.send(new DescribeInstancesCommand({}))
  await send(new DetachPolicyCommand({ PolicyId: FULL, TargetId }))
  await ec2.send(new DescribeVpcsCommand({}))
  expect((await failureOf(ec2.send(new DescribeInstancesCommand({})))).code).toBe(
    'UnauthorizedOperation',
  )
})

test('the root of a member is limited too', async () => {
  // Where nothing is signed, everybody is root of the account that they name.
  await using open = await startTestCloud({ mode: 'open' })
  const own = open.organizationsOf()
  await own.send(new CreateOrganizationCommand({}))
  const { Roots } = await own.send(new ListRootsCommand({}))
  const RootId = Roots![0]!.Id!
  await own.send(new EnablePolicyTypeCommand({ RootId, PolicyType: Filter }))
  const { CreateAccountStatus: made } = await own.send(
    new CreateAccountCommand({ AccountName: 'member', Email: 'member@example.com' }),
  )
  const { Policy } = await own.send(
    new CreatePolicyCommand({
      Name: 'no',
      Description: 'd',
      Type: Filter,
      Content: document(deny('ec2:DescribeInstances')),
    }),
  )
  const PolicyId = Policy!.PolicySummary!.Id!
  await own.send(new AttachPolicyCommand({ PolicyId, TargetId: RootId }))
  const member = open.ec2Of({ account: made!.AccountId! })
  await member.send(new DescribeVpcsCommand({}))
  expect((await failureOf(member.send(new DescribeInstancesCommand({})))).code).toBe(
    'UnauthorizedOperation',
  )
  // Not the management account, though the policy hangs on the root of all.
  await open.ec2.send(new DescribeInstancesCommand({}))
})
