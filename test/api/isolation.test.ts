/**
 * Accounts are apart in every service: whatever is served that lists or describes shows another account nothing of the
 * first's, and whatever takes a name or an id of the first's does not find it. New operations are covered as they come.
 */
import * as Ec2 from '@aws-sdk/client-ec2'
import * as Iam from '@aws-sdk/client-iam'
import * as Organizations from '@aws-sdk/client-organizations'
import * as Ssm from '@aws-sdk/client-ssm'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { servedOperations } from '../../scripts/generate-coverage.ts'
import { serviceModel, shapeOf, type ServiceName } from '../../src/aws/model.ts'
import { startTestCloud, type TestCloud } from '../support/cloud.ts'
import { userMake, allow } from '../support/iam.ts'
import { TINY } from '../support/app.ts'

const OWNER = '111122223333'
const STRANGER = '444455556666'
const MARK = 'owned-by-the-first'

let cloud: TestCloud
/** Names and ids of what the first account has, by the member that takes one. */
let known: Readonly<Record<string, string>>

beforeAll(async () => {
  cloud = await startTestCloud()
  known = { ...(await machines()), ...(await identities()) }
})
afterAll(() => cloud.close())

async function machines() {
  const { ec2 } = cloud
  const { Instances } = await ec2.runInstances({
    ImageId: TINY,
    InstanceType: 't3.nano',
    MinCount: 1,
    MaxCount: 1,
    TagSpecifications: [{ ResourceType: 'instance', Tags: [{ Key: MARK, Value: MARK }] }],
  })
  const [instance] = Instances!
  await ec2.createKeyPair({ KeyName: MARK })
  const volume = await ec2.createVolume({ AvailabilityZone: 'us-east-1a', Size: 1 })
  const { AllocationId } = await ec2.allocateAddress({})
  const VpcId = instance!.VpcId!
  const tables = await ec2.describeRouteTables({})
  const acls = await ec2.describeNetworkAcls({})
  const gateways = await ec2.describeInternetGateways({})
  const options = await ec2.createDhcpOptions({
    DhcpConfigurations: [{ Key: 'domain-name', Values: [`${MARK}.test`] }],
  })
  return {
    InstanceId: instance!.InstanceId!,
    VolumeId: volume.VolumeId!,
    VpcId,
    SubnetId: instance!.SubnetId!,
    NetworkInterfaceId: instance!.NetworkInterfaces![0]!.NetworkInterfaceId!,
    GroupId: instance!.SecurityGroups![0]!.GroupId!,
    RouteTableId: tables.RouteTables![0]!.RouteTableId!,
    NetworkAclId: acls.NetworkAcls![0]!.NetworkAclId!,
    InternetGatewayId: gateways.InternetGateways![0]!.InternetGatewayId!,
    DhcpOptionsId: options.DhcpOptions!.DhcpOptionsId!,
    AllocationId: AllocationId!,
    KeyName: MARK,
  }
}

async function identities() {
  const iam = cloud.iamOf()
  const names = { UserName: MARK, GroupName: MARK, RoleName: MARK, InstanceProfileName: MARK }
  const { accessKeyId } = await userMake(iam, MARK, allow('*'))
  const document = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ],
  })
  await iam.send(new Iam.CreateGroupCommand({ GroupName: MARK }))
  await iam.send(new Iam.CreateRoleCommand({ RoleName: MARK, AssumeRolePolicyDocument: document }))
  await iam.send(new Iam.CreateInstanceProfileCommand({ InstanceProfileName: MARK }))
  const policy = {
    PolicyName: MARK,
    PolicyDocument: document.replace(/"Principal":\{[^}]*\},/, '"Resource":"*",'),
  }
  const { Policy } = await iam.send(new Iam.CreatePolicyCommand(policy))
  const { VirtualMFADevice } = await iam.send(
    new Iam.CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: MARK }),
  )
  const url = `https://${MARK}.test`
  const oidc = await iam.send(new Iam.CreateOpenIDConnectProviderCommand({ Url: url }))
  const organizations = cloud.organizationsOf()
  await organizations.send(new Organizations.CreateOrganizationCommand({}))
  const { Roots } = await organizations.send(new Organizations.ListRootsCommand({}))
  const { OrganizationalUnit } = await organizations.send(
    new Organizations.CreateOrganizationalUnitCommand({ ParentId: Roots![0]!.Id!, Name: MARK }),
  )
  return {
    ...names,
    AccessKeyId: accessKeyId,
    PolicyArn: Policy!.Arn!,
    SerialNumber: VirtualMFADevice!.SerialNumber!,
    OpenIDConnectProviderArn: oidc.OpenIDConnectProviderArn!,
    OrganizationalUnitId: OrganizationalUnit!.Id!,
    RootId: Roots![0]!.Id!,
    ParentId: Roots![0]!.Id!,
  }
}

interface Client {
  send(command: never): Promise<object>
}
const MODULES: Partial<Record<ServiceName, object>> = {
  ec2: Ec2,
  iam: Iam,
  organizations: Organizations,
  ssm: Ssm,
}
const clientOf = (service: ServiceName, account: string): Client =>
  ({
    ec2: () => cloud.ec2Of({ account }),
    iam: () => cloud.iamOf({ account }),
    organizations: () => cloud.organizationsOf({ account }),
    ssm: () => cloud.ssmOf({ account }),
  })[service as 'ec2']() as unknown as Client

/** The answer, or the name of the error; an answer that is a bug fails the test. */
async function ask(service: ServiceName, operation: string, input: object, account = STRANGER) {
  const Command = (MODULES[service] as Record<string, new (input: object) => never>)[
    `${operation}Command`
  ]!
  try {
    return JSON.stringify(await clientOf(service, account).send(new Command(input)))
  } catch (error) {
    const { name, $metadata } = error as Error & { $metadata?: { httpStatusCode?: number } }
    if (!$metadata || $metadata.httpStatusCode! >= 500) throw error
    return name
  }
}

const SERVICES = Object.keys(MODULES) as ServiceName[]
const membersOf = (service: ServiceName, operation: string) => {
  const model = serviceModel(service)
  const reference = model.operations[operation]!.input
  const shape = reference && shapeOf(model, reference)
  return { names: Object.keys(shape?.members ?? {}), required: shape?.required ?? [] }
}
const secrets = () => [OWNER, MARK, ...Object.values(known)].filter((text) => text !== 'default')

test('no list shows what another account has', async () => {
  let count = 0
  for (const service of SERVICES) {
    for (const operation of servedOperations(service)) {
      const isList = /^(?:Describe|List|Get)/.test(operation)
      if (!isList || membersOf(service, operation).required.length > 0) continue
      const answer = await ask(service, operation, {})
      for (const secret of secrets())
        expect([operation, answer.includes(secret)]).toEqual([operation, false])
      count++
    }
  }
  expect(count).toBeGreaterThan(50)
}, 60_000)

test('the owner is shown it, so that the test above means something', async () => {
  const shown = await Promise.all([
    ask('ec2', 'DescribeInstances', {}, OWNER),
    ask('iam', 'ListUsers', {}, OWNER),
    ask('organizations', 'ListAccounts', {}, OWNER),
  ])
  for (const answer of shown) expect(answer).toMatch(new RegExp(`${MARK}|${OWNER}`))
})

/** Members that take several, by the one that takes one. */
const plural = (name: string) => `${name}s`

test('no name and no id of another account is found', async () => {
  let count = 0
  for (const service of SERVICES) {
    for (const operation of servedOperations(service)) {
      const { names, required } = membersOf(service, operation)
      const input: Record<string, unknown> = {}
      for (const [name, value] of Object.entries(known)) {
        if (names.includes(name)) input[name] = value
        else if (names.includes(plural(name))) input[plural(name)] = [value]
      }
      // What makes something new of that name makes the stranger's own.
      const isMaking = /^(?:Create|Put|Import|Register|Allocate|Run)/.test(operation)
      const isComplete = required.every((name) => name in input)
      if (isMaking || !isComplete || Object.keys(input).length === 0) continue
      const answer = await ask(service, operation, input)
      // The names that were asked for may be in the error; nothing else may.
      expect([operation, answer.includes(OWNER)]).toEqual([operation, false])
      count++
    }
  }
  expect(count).toBeGreaterThan(100)
  // And nothing of it is gone or changed.
  expect(await ask('ec2', 'DescribeInstances', {}, OWNER)).toContain(MARK)
  for (const [operation, name] of [
    ['GetUser', 'UserName'],
    ['GetRole', 'RoleName'],
    ['GetGroup', 'GroupName'],
  ] as const) {
    expect(await ask('iam', operation, { [name]: MARK }, OWNER)).toContain(MARK)
  }
}, 120_000)

test('whatever the account, only its own users are listed', async () => {
  const account = fc.constantFrom('222233334444', '555566667777', '888899990000')
  const made = new Map<string, Set<string>>()
  const step = fc.record({ account, name: fc.constantFrom('a', 'b', 'c'), isMaking: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      for (const { account: own, name, isMaking } of steps) {
        const operation = isMaking ? 'CreateUser' : 'DeleteUser'
        const answer = await ask('iam', operation, { UserName: name }, own)
        const users = made.get(own) ?? new Set<string>()
        made.set(own, users)
        expect(answer.includes('Exception')).toBe(users.has(name) === isMaking)
        if (isMaking) users.add(name)
        else users.delete(name)
      }
      for (const [own, users] of made) {
        const answer = JSON.parse(await ask('iam', 'ListUsers', {}, own)) as {
          Users: { UserName: string; Arn: string }[]
        }
        expect(answer.Users.map(({ UserName }) => UserName)).toEqual([...users].sort())
        for (const { Arn } of answer.Users) expect(Arn).toContain(`::${own}:`)
      }
    }),
    { numRuns: 15 },
  )
}, 60_000)
